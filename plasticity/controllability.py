"""Controllability: plastic fraction, sign, bounds, rank of control, conserved sums and drift of weights.

The velocity of the weights is ``ẇ = f(w) + P M ẇ_rule``, clipped to the bounds: f is the drift, M the mask of plastic
weights and P the projector onto the controllable space, in every engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.compile import elementwise
from plasticity.errors import InputError, UnknownNameError
from plasticity.projector import SUMS, Projector, conserved_sums, directions, make_projector, members
from plasticity.rule import WEIGHT, Rule
from plasticity.support.checks import checked, require_array, require_number, require_whole
from plasticity.support.streams import stream

Array = NDArray[np.float64]
NAME = "weights"


@checked
@dataclass(frozen=True, eq=False)
class Controllability:
    """Limits of the control of weights; the default is full control without drift.

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
        ``weights.ravel()``), or m random ones drawn from the seed. Clipping to bounds may leave their span. It is a
        subspace, onto which changes are projected orthogonally in the (n_weights, n_weights) metric: the scale of B
        is irrelevant, and 2·B is the same as B. `Objective.control`, in contrast, has gains: θ̇ = f + Bu, cost uᵀGu/2η.
    conserved : None, "incoming", "outgoing", "both" or (n_weights, m) array
        Sums of weights that learning leaves as they are: those onto every post neuron, of every pre neuron, or Cᵀw with
        one column of C for every sum. Changes are projected onto Cᵀẇ = 0; for weights of one neuron, of shape (n,),
        each ``"incoming"`` change loses its mean (subtractive normalisation). Clipping to bounds and a drift may
        break a sum. It is the counterpart of `rank`: control of all directions but m.
    drift : None, float or array
        f(w) = a·w with a number or one number per weight (decay is negative), or A·w with an (n_weights, n_weights)
        matrix [1/s]. It also moves weights that are not plastic. The drift assumed by a derived rule acts by default;
        a value here replaces it.

    Raises
    ------
    InputError
        If a value is out of range, or sign and bounds exclude each other.

    Examples
    --------
    >>> limits = constrain(Controllability(mask=[True, False], sign=1), shape=(2,))
    >>> move(limits, weights=np.array([0.5, 0.5]), change=np.array([-1.0, -1.0]), dt=0.1)
    array([0. , 0.5])
    >>> limits = constrain(Controllability(conserved="incoming"), shape=(2, 2))
    >>> project(limits, [[1.0, 0.0], [0.0, 3.0]]).round(12)
    array([[ 0.5, -0.5],
           [-1.5,  1.5]])

    References
    ----------
    miller_1994 (constraints on sums of weights).
    """

    plastic_fraction: float = 1.0
    mask: Any = None
    sign: Any = None
    bounds: Any = None
    rank: Any = None
    drift: Any = None
    conserved: Any = None

    def __post_init__(self) -> None:
        """Check every field, so that wrong limits fail where they are written."""
        require_number("plastic_fraction", self.plastic_fraction, low=0, high=1)
        if self.mask is not None:
            try:
                mask = np.array(self.mask)
            except ValueError:
                raise InputError(f"mask must be an array, got {self.mask!r}") from None
            if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
                raise InputError(f"mask must be True where a weight is plastic and False elsewhere, got {self.mask!r}")
            mask = mask.astype(bool)
            mask.setflags(write=False)
            object.__setattr__(self, "mask", mask)
        if self.sign is not None:
            object.__setattr__(self, "sign", require_array("sign", self.sign))
            if not np.isin(self.sign, (-1, 0, 1)).all():
                raise InputError(f"sign must be +1, -1 or 0 (free), got {self.sign!r}")
        if self.bounds is not None:
            object.__setattr__(self, "bounds", _checked_bounds(self.bounds))
        if self.rank is not None:
            object.__setattr__(self, "rank", _checked_rank(self.rank))
        if self.drift is not None:
            object.__setattr__(self, "drift", require_array("drift", self.drift))
        if self.conserved is not None:
            object.__setattr__(self, "conserved", _checked_sums(self.conserved))

    @property
    def is_full(self) -> bool:
        """Whether control is full and nothing drifts."""
        return self.plastic_fraction == 1 and all(
            v is None for v in (self.mask, self.sign, self.bounds, self.rank, self.drift, self.conserved)
        )


@dataclass(frozen=True, eq=False)
class Constraint:
    """Limits of control of weights of one shape, as arrays; made by `constrain`.

    Parameters
    ----------
    shape : tuple of int
    mask : array of bool of this shape, or None
        Plastic weights; None is all.
    low, high : arrays that broadcast to this shape
        −inf and inf where there is no bound.
    projector : Projector or None
        None is full rank.
    drift : array or None
        a: a number or one per weight.
    drift_matrix : (n_weights, n_weights) array or None
        A: a drift that couples weights, instead of a.
    """

    shape: tuple[int, ...]
    mask: NDArray[np.bool_] | None
    low: Array
    high: Array
    projector: Projector | None
    drift: Array | None
    drift_matrix: Array | None

    @property
    def is_coupled(self) -> bool:
        """Whether the change of one weight depends on others."""
        return self.projector is not None or self.drift_matrix is not None


def constrain(
    controllability: Controllability,
    shape: tuple[int, ...] | int,
    seed: int = 0,
    metric: ArrayLike | None = None,
    name: str = NAME,
) -> Constraint:
    """Limits of control of weights of a shape.

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
        If an array does not fit the shape, or sign and bounds exclude every value of a weight.
    """
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
    low, high = _limits(controllability, shape)
    mask = _mask(controllability, shape, seed, name)
    control = directions(controllability.rank, shape, mask, seed, name)
    sums = conserved_sums(controllability.conserved, shape, mask)
    drift, drift_matrix = _drifts(controllability.drift, shape)
    projector = make_projector(control, sums, metric, mask)
    return Constraint(shape, mask, low, high, projector, drift, drift_matrix)


def move(constraint: Constraint, weights: Array, change: ArrayLike, dt: float = 0.0) -> Array:
    """Weights (..., *shape) after an explicit Euler step of learning within the limits.

    Parameters
    ----------
    constraint : Constraint
    weights : (..., *shape) array
    change : (..., *shape) array
        Change of the weights in this step according to the rule.
    dt : float
        Time step of the drift [s].
    """
    change = project(constraint, change)
    if dt and (constraint.drift is not None or constraint.drift_matrix is not None):
        return clip(constraint, elementwise.moved(weights, change, dt, drift(constraint, weights)))
    return clip(constraint, weights + change)


def project(constraint: Constraint, change: ArrayLike) -> Array:
    """Controllable part of a change (..., *shape): of plastic weights, along the directions of control."""
    plastic = 1.0 if constraint.mask is None else constraint.mask
    permitted: Array = elementwise.permitted(plastic, np.asarray(change, dtype=float))
    if constraint.projector is None:
        return permitted
    flat = _flat(constraint, permitted)
    along = (flat @ constraint.projector.read.T) @ constraint.projector.control.T
    return (flat + along if constraint.projector.is_complement else along).reshape(permitted.shape)


def drift(constraint: Constraint, weights: Array) -> Array:
    """Velocity f(w) (..., *shape) [1/s] of weights without learning."""
    if constraint.drift_matrix is not None:
        return (_flat(constraint, weights) @ constraint.drift_matrix.T).reshape(weights.shape)
    return np.zeros_like(weights) if constraint.drift is None else elementwise.drift_velocity(constraint.drift, weights)


def _flat(constraint: Constraint, weights: Array) -> Array:
    return weights.reshape(*weights.shape[: weights.ndim - len(constraint.shape)], -1)


def clip(constraint: Constraint, weights: Array) -> Array:
    """Weights (..., *shape) within their bounds."""
    return elementwise.clipped(weights, constraint.low, constraint.high)


def narrowed(constraint: Constraint, low: float, high: float) -> Constraint:
    """Constraint that also keeps the bounds of a rule.

    Raises
    ------
    InputError
        If no value is left for a weight.
    """
    lower, upper = np.maximum(constraint.low, low), np.minimum(constraint.high, high)
    if np.any(lower > upper):
        raise InputError(
            f"the bounds of the rule, {low:g} … {high:g}, and the limits of control exclude every value of a weight; "
            "change one of them"
        )
    return replace(constraint, low=lower, high=upper)


def check_weights(constraint: Constraint, weights: ArrayLike, name: str = "weights") -> None:
    """Refuse initial weights (..., *shape) outside their bounds.

    Raises
    ------
    InputError
        Naming the first weight that violates them.
    """
    values = np.asarray(weights, dtype=float)
    bad = ~((values >= constraint.low) & (values <= constraint.high))
    if not bad.any():
        return
    where = tuple(int(i) for i in np.argwhere(bad)[0])
    inner = where[len(where) - len(constraint.shape) :]
    low, high = (float(np.broadcast_to(b, constraint.shape)[inner]) for b in (constraint.low, constraint.high))
    raise InputError(
        f"{name}[{', '.join(map(str, where))}] is {values[where]:g}, outside its bounds {low:g} … {high:g} "
        "(bounds and sign combined); start inside or change them"
    )


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
    ends = {"incoming": (targets,), "outgoing": (sources,), "both": (targets, sources)}
    conserved = members(*ends[c.conserved]) if isinstance(c.conserved, str) else c.conserved
    own = {name: pick(name, getattr(c, name)) for name in ("mask", "sign", "drift")}
    return replace(c, bounds=bounds, conserved=conserved, **own)


def separate_drift(rule: Rule, controllability: Controllability) -> tuple[Rule, Controllability]:
    """Rule without its assumed drift, and controllability with the drift of the weights.

    A rule derived with a linear drift reads ``ẇ = drift·w + u``. Limits of control apply to u alone:
    ``ẇ = f(w) + P M u``. The drift f is that of `controllability`, by default the one assumed by the rule: so a learner
    can also be wrong about its drift.

    Returns
    -------
    (Rule, Controllability)
        Unchanged if the flow of the weight has no summand ``drift·w``.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> rule, limits = separate_drift(derive(Objective(sp.oo, drift=-2.0)), Controllability(rank=1))
    >>> rule.weight_flow, float(limits.drift)
    (-gradient*learning_rate, -2.0)
    """
    assumed = next((p for p in rule.parameters if p.name == "drift"), None)
    if assumed is None or assumed.symbol * WEIGHT not in sp.Add.make_args(rule.weight_flow):
        return rule, controllability
    control = rule.weight_flow - assumed.symbol * WEIGHT
    drift = assumed.value if controllability.drift is None else controllability.drift
    return replace(rule, weight_flow=control), replace(controllability, drift=drift)


def _limits(c: Controllability, shape: tuple[int, ...]) -> tuple[Array, Array]:
    low, high = (_fitting("bounds", b, shape) for b in (c.bounds or (np.array(-np.inf), np.array(np.inf))))
    if c.sign is not None:
        sign = _fitting("sign", c.sign, shape)
        low = np.where(sign > 0, np.maximum(low, 0.0), low)
        high = np.where(sign < 0, np.minimum(high, 0.0), high)
    empty = np.argwhere(np.atleast_1d(low > high))
    if len(empty):
        raise InputError(f"sign and bounds exclude every value of weight {empty[0].tolist()}; change one of them")
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
    directions = require_array("rank", rank)
    if directions.ndim != 2 or directions.shape[1] < 1:
        raise InputError(f"rank must be a number or have shape (n_weights, m), got {directions.shape}")
    return directions


def _checked_sums(conserved: Any) -> Any:
    if isinstance(conserved, str):
        if conserved not in SUMS:
            raise UnknownNameError("conserved", conserved, SUMS)
        return conserved
    columns = require_array("conserved", conserved)
    if columns.ndim != 2 or columns.shape[1] < 1:
        raise InputError(f"conserved must be {', '.join(SUMS)} or have shape (n_weights, m), got {columns.shape}")
    return columns
