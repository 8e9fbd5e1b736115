"""What a learner can move: some weights, within bounds, with a sign, along few directions, against a drift.

The velocity of the weights is ``ẇ = f(w) + P M ẇ_rule``, clipped to the bounds: f is the drift, M the mask of plastic
weights and P the projector onto the controllable space, in every engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.compile.constraint import Constraint, Projector
from plasticity.errors import InputError, require_number, require_whole
from plasticity.feedback import orthonormal
from plasticity.support.streams import stream

Array = NDArray[np.float64]
NAME = "weights"


@dataclass(frozen=True, eq=False)
class Controllability:
    """What can be changed of weights of a given shape; the default is everything.

    Arrays need only broadcast to the shape of the weights: for weights (n_post, n_pre), a `sign` of shape (n_pre,) is
    Dale's law.

    Parameters
    ----------
    plastic_fraction : float
        Fraction of the weights that can change, drawn from the seed (of those that `mask` allows).
    mask : None or array of bool
        Which weights can change.
    sign : None, +1, −1, 0 or array of these
        +1: the weight is excitatory, it stays ≥ 0; −1: inhibitory, ≤ 0; 0: either.
    bounds : None or (low, high)
        Limits of every weight, numbers or arrays; weights are clipped to them after every change.
    rank : None, int or (n_weights, m) array
        One controller for many weights: they move only along m directions, the columns of B (in the order of
        ``weights.ravel()``), or m random ones drawn from the seed. Clipping to bounds may leave their span.
    drift : None, float or array
        f(w) = a·w with a number or one number per weight (decay is negative), or A·w with an (n_weights, n_weights)
        matrix [1/s]. It moves weights that cannot be changed, too. A rule that was derived with a linear drift counts
        on it, and it acts without being given here; one that is given here acts in its place.

    Raises
    ------
    InputError
        If a value is out of range, or sign and bounds exclude each other.

    Examples
    --------
    >>> from plasticity.compile.constraint import move
    >>> limits = constrain(Controllability(mask=[True, False], sign=1), shape=(2,))
    >>> move(limits, weights=np.array([0.5, 0.5]), change=np.array([-1.0, -1.0]), dt=0.1)
    array([0. , 0.5])
    """

    plastic_fraction: float = 1.0
    mask: Any = None
    sign: Any = None
    bounds: Any = None
    rank: Any = None
    drift: Any = None

    def __post_init__(self) -> None:
        """Check every field, so that wrong limits fail where they are written."""
        require_number("plastic_fraction", self.plastic_fraction, low=0, high=1)
        if self.mask is not None:
            mask = np.array(self.mask)
            if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
                raise InputError(f"mask must be True where a weight can change and False elsewhere, got {self.mask!r}")
            self._keep("mask", mask.astype(bool))
        if self.sign is not None:
            sign = _numbers("sign", self.sign)
            if not np.isin(sign, (-1, 0, 1)).all():
                raise InputError(f"sign must be +1, -1 or 0 (free), got {self.sign!r}")
            self._keep("sign", sign)
        if self.bounds is not None:
            object.__setattr__(self, "bounds", _checked_bounds(self.bounds))
        if self.rank is not None:
            object.__setattr__(self, "rank", _checked_rank(self.rank))
        if self.drift is not None:
            self._keep("drift", _numbers("drift", self.drift))

    def _keep(self, name: str, array: NDArray) -> None:
        array.setflags(write=False)
        object.__setattr__(self, name, array)

    @property
    def is_full(self) -> bool:
        """Whether everything can be changed and nothing moves by itself."""
        return self.plastic_fraction == 1 and all(
            v is None for v in (self.mask, self.sign, self.bounds, self.rank, self.drift)
        )


def constrain(
    controllability: Controllability,
    shape: tuple[int, ...] | int,
    seed: int = 0,
    metric: ArrayLike | None = None,
    name: str = NAME,
) -> Constraint:
    """Limits of weights of the given shape.

    Parameters
    ----------
    controllability : Controllability
    shape : tuple of int
        Shape of the weights.
    seed : int
        With `name`, determines which weights are plastic and the directions of control: wiring, the same in all trials.
    metric : None, number, (n_weights,) or (n_weights, n_weights) array
        G in which directions out of reach are projected away: the cost of a change is ẇᵀGẇ/2η, and the cheapest
        control of ẇ = Bu has ``ẇ = −ηB(BᵀGB)⁻¹Bᵀ∇V``, equation (2) of the theory.
    name : str
        Name of the projection.

    Raises
    ------
    InputError
        If an array does not fit the shape, or sign and bounds leave a weight no value.
    """
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
    low, high = _limits(controllability, shape)
    mask = _mask(controllability, shape, seed, name)
    control = _directions(controllability, shape, mask, seed, name)
    drift, drift_matrix = _drifts(controllability.drift, shape)
    projector = None if control is None else Projector(control, _reading(control, metric))
    return Constraint(shape, mask, low, high, projector, drift, drift_matrix)


def of_synapses(
    controllability: Controllability, shape: tuple[int, int], targets: NDArray[np.int64], sources: NDArray[np.int64]
) -> Controllability:
    """Controllability of a list of synapses, from one for weights of shape (n_post, n_pre).

    Parameters
    ----------
    controllability : Controllability
        `mask`, `sign`, `bounds` and a drift per weight broadcast to `shape`; directions have one row per synapse.
    shape : (n_post, n_pre)
    targets, sources : (n_synapses,) int arrays

    Raises
    ------
    InputError
        If an array does not fit the shape.
    """

    def pick(name: str, value: Any) -> Any:
        if value is None or np.ndim(value) == 0:
            return value
        return _fitting(name, np.asarray(value), shape)[targets, sources]

    c = controllability
    bounds = None if c.bounds is None else tuple(pick("bounds", b) for b in c.bounds)
    return replace(c, mask=pick("mask", c.mask), sign=pick("sign", c.sign), bounds=bounds, drift=pick("drift", c.drift))


def _limits(c: Controllability, shape: tuple[int, ...]) -> tuple[Array, Array]:
    low, high = (_fitting("bounds", b, shape) for b in (c.bounds or (np.array(-np.inf), np.array(np.inf))))
    if c.sign is not None:
        sign = _fitting("sign", c.sign, shape)
        low = np.where(sign > 0, np.maximum(low, 0.0), low)
        high = np.where(sign < 0, np.minimum(high, 0.0), high)
    empty = np.argwhere(np.atleast_1d(low > high))
    if len(empty):
        raise InputError(f"sign and bounds leave weight {empty[0].tolist()} no value; change one of them")
    return np.array(low), np.array(high)


def _mask(c: Controllability, shape: tuple[int, ...], seed: int, name: str) -> NDArray[np.bool_] | None:
    if c.mask is None and c.plastic_fraction == 1:
        return None
    allowed = np.ones(shape, bool) if c.mask is None else np.array(_fitting("mask", c.mask, shape))
    if c.plastic_fraction == 1:
        return allowed
    candidates = np.flatnonzero(allowed)
    keep = round(c.plastic_fraction * candidates.size)
    plastic = stream(seed, f"{name}/plastic").permutation(candidates)[:keep]
    mask = np.zeros(allowed.size, bool)
    mask[plastic] = True
    return mask.reshape(shape)


def _directions(
    c: Controllability, shape: tuple[int, ...], mask: NDArray[np.bool_] | None, seed: int, name: str
) -> Array | None:
    """Orthonormal basis of what the controllers reach of the plastic weights."""
    if c.rank is None:
        return None
    size = int(np.prod(shape))
    wanted = c.rank if isinstance(c.rank, int) else c.rank.shape[1]
    plastic = size if mask is None else int(mask.sum())
    if isinstance(c.rank, int):
        directions = stream(seed, f"{name}/control").standard_normal((size, min(wanted, size)))
    elif len(c.rank) != size:
        raise InputError(f"rank has {len(c.rank)} rows, but there are {size} weights; give it one row per weight")
    else:
        directions = c.rank
    if wanted > plastic:
        raise InputError(f"rank is {wanted}, but only {plastic} weights are plastic; use at most {plastic}")
    if mask is not None:
        directions = directions * mask.reshape(-1, 1)
    if np.linalg.matrix_rank(directions) < wanted:
        raise InputError("rank: the directions of control are not independent; leave out those that others span")
    return orthonormal(directions)


def _reading(control: Array, metric: ArrayLike | None) -> Array:
    """(BᵀGB)⁻¹BᵀG (m, n_weights)."""
    if metric is None or np.ndim(metric) == 0:
        return control.T.copy()
    cost = np.asarray(metric, dtype=float)
    if cost.shape[0] != len(control):
        raise InputError(f"metric has shape {cost.shape}, but there are {len(control)} weights")
    weighted = control.T * cost if cost.ndim == 1 else control.T @ cost
    return np.linalg.solve(weighted @ control, weighted)


def _drifts(drift: Array | None, shape: tuple[int, ...]) -> tuple[Array | None, Array | None]:
    """Drift of each weight, or the matrix of one that couples them."""
    size = int(np.prod(shape))
    if drift is None or drift.ndim == 0:
        return drift, None
    if drift.shape == (size, size) != shape:
        return None, drift
    return np.array(_fitting("drift", drift, shape)), None


def _fitting(name: str, value: NDArray, shape: tuple[int, ...]) -> NDArray:
    try:
        return np.broadcast_to(value, shape)
    except ValueError:
        raise InputError(f"{name} has shape {np.shape(value)}, which does not fit weights of shape {shape}") from None


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, got {value!r}") from None
    if not np.all(np.isfinite(array)):
        raise InputError(f"{name} must be finite, got {array.tolist()}")
    return array


def _checked_bounds(bounds: Any) -> tuple[Array, Array]:
    try:
        low, high = (np.array(b, dtype=float) for b in bounds)
    except (TypeError, ValueError):
        raise InputError(f"bounds must be (low, high), got {bounds!r}") from None
    if np.isnan(low).any() or np.isnan(high).any() or not np.all(low < high):
        raise InputError(f"bounds must be (low, high) with low < high, got {bounds!r}")
    return low, high


def _checked_rank(rank: Any) -> Any:
    if isinstance(rank, bool) or np.ndim(rank) == 0:
        return require_whole("rank", rank, low=1)
    directions = _numbers("rank", rank)
    if directions.ndim != 2 or directions.shape[1] < 1:
        raise InputError(f"rank must be a number or have shape (n_weights, m), got {directions.shape}")
    directions.setflags(write=False)
    return directions
