"""Beliefs: assumptions about what a learner infers from noisy feedback; `plasticity.derive` makes them states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from plasticity.errors import InputError
from plasticity.objective import TaskPrior as TaskPrior
from plasticity.objective import constant_matrix, covariance_matrix
from plasticity.support.checks import checked, require_array, require_finite, require_number


@checked
@dataclass(frozen=True)
class FadingMemory:
    """Belief about a constant that may have changed: old evidence fades.

    In discrete steps with `decay` β the posterior mean after t observations is the bias-corrected moving
    average ``m̂ ← m̂ + (1 − β)/(1 − βᵗ) (y − m̂)``. In continuous time with `time_constant` τ it is the low-pass
    filter ``dm/dt = (y − m)/τ``, the limit β = e^{−Δt/τ} after the start.

    Parameters
    ----------
    decay : float, optional
        β per step, in (0, 1).
    time_constant : float, optional
        τ > 0 [s]; set one of the two.
    initial : float, optional
        Initial estimate, with the stationary certainty. Per step the default is a diffuse prior, which adopts the
        first observation (bias correction); in continuous time it is 0.

    Examples
    --------
    >>> FadingMemory(time_constant=0.5).time_constant
    0.5

    References
    ----------
    vastola_2025, section on Adam.
    """

    decay: float | None = None
    time_constant: float | None = None
    initial: float | None = None

    def __post_init__(self) -> None:
        """Check that exactly one of the two is set, and in range."""
        if (self.decay is None) == (self.time_constant is None):
            raise InputError(
                f"FadingMemory needs either decay (per step) or time_constant (s), got {self.decay} and "
                f"{self.time_constant}"
            )
        if self.decay is not None and not 0 < require_number("decay", self.decay) < 1:
            raise InputError(f"decay must lie strictly between 0 and 1, got {self.decay}")
        if self.time_constant is not None:
            require_number("time_constant", self.time_constant, low=0, exclusive=True, unit="s")
        if self.initial is not None:
            require_number("initial", self.initial)


@checked
@dataclass(frozen=True)
class OrnsteinUhlenbeck:
    """Belief about an Ornstein–Uhlenbeck process observed through noise.

    ``dg = −(g − mean)/τ dt + σ sqrt(2/τ) dW``, observed as ``dy = g dt + σ_o dW'``. Several components with
    their own time constants add up to what is observed.

    Parameters
    ----------
    time_constant : float or sequence of float
        τ > 0 [s], one per component.
    stationary_std : float or sequence of float
        σ > 0: standard deviation of the process [unit of what it describes]; one for all or per component.
    observation_noise : float
        σ_o > 0: standard deviation of the observation noise integrated over 1 s [unit·sqrt(s)].
    mean : float or sequence of float
        Stationary mean.

    Examples
    --------
    >>> OrnsteinUhlenbeck(time_constant=(0.5, 20.0), stationary_std=1.0, observation_noise=0.3).stationary_std
    (1.0, 1.0)

    References
    ----------
    vastola_2025, section on partial observability; kalman_1961.
    """

    time_constant: Any
    stationary_std: Any
    observation_noise: float
    mean: Any = 0.0

    def __post_init__(self) -> None:
        """Check the ranges and give every component its own value."""
        names = ("time_constant", "stationary_std", "mean")
        values = {name: _numbers(name, getattr(self, name)) for name in names}
        sizes = {len(v) for v in values.values() if isinstance(v, tuple)}
        if len(sizes) > 1:
            raise InputError(f"time_constant, stationary_std and mean have {sorted(sizes)} components")
        for name, value in values.items():
            if sizes and not isinstance(value, tuple):
                value = (value,) * max(sizes)
            for one in value if isinstance(value, tuple) else (value,):
                if name != "mean":
                    require_number(name, one, low=0, exclusive=True)
            object.__setattr__(self, name, value)
        noise = require_number("observation_noise", self.observation_noise, low=0, exclusive=True)
        object.__setattr__(self, "observation_noise", noise)

    @property
    def n(self) -> int:
        """Number of components."""
        return len(self.time_constant) if isinstance(self.time_constant, tuple) else 1


@checked
@dataclass(frozen=True)
class GaussianWeight:
    """Belief of a synapse about its own best weight: a Gaussian N(w; m, s²).

    Parameters
    ----------
    variance : float
        s² > 0 at the start [weight²].
    process_noise : float
        Rate at which the environment adds uncertainty, d(s²)/dt [weight²/s], ≥ 0.

    Examples
    --------
    >>> GaussianWeight(variance=0.25).process_noise
    0.0

    References
    ----------
    aitchison_2021.
    """

    variance: float
    process_noise: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_number("variance", self.variance, low=0, exclusive=True)
        require_number("process_noise", self.process_noise, low=0)


@checked
@dataclass(frozen=True)
class SwitchingTask:
    """Belief about an optimum that is replaced at random times by a fresh draw, unannounced.

    At rate λ the optimum μ becomes a draw from N(prior_mean, prior_covariance). In between it stands still and is
    observed as ``dy = μ dt + σ_o dW``.

    Parameters
    ----------
    hazard : float
        λ ≥ 0 [1/s].
    prior_mean : float or (n,) sequence
        μ_0.
    prior_covariance : float, (n,) or (n, n) sequence
        Covariance of the optimum over tasks; (n,) is a diagonal.
    observation_noise : float
        σ_o > 0 [weight·sqrt(s)].

    Examples
    --------
    >>> SwitchingTask(0.5, prior_mean=0.0, prior_covariance=1.0, observation_noise=0.1).hazard
    0.5

    References
    ----------
    vastola_2025, section on continual learning.
    """

    hazard: float
    prior_mean: Any
    prior_covariance: Any
    observation_noise: float

    def __post_init__(self) -> None:
        """Check the ranges; arrays become tuples, so that records can be compared."""
        require_number("hazard", self.hazard, low=0, unit="1/s")
        require_number("observation_noise", self.observation_noise, low=0, exclusive=True)
        object.__setattr__(self, "prior_mean", _numbers("prior_mean", self.prior_mean))
        covariance = _numbers("prior_covariance", self.prior_covariance)
        object.__setattr__(self, "prior_covariance", covariance)
        rows = covariance if isinstance(covariance, tuple) else (covariance,)
        for i, row in enumerate(rows):
            variance = row[i] if isinstance(row, tuple) and i < len(row) else row
            require_number(f"prior_covariance (variance {i})", variance, low=0, exclusive=True)


@checked
@dataclass(frozen=True)
class RecurringContexts:
    """Belief about a perturbation that comes from one of several contexts, each of which is remembered.

    At rates Q the world changes from context to context, unannounced. Every context k has its own perturbation, an
    Ornstein–Uhlenbeck process of its own, which goes on while other contexts rule. What rules is observed:
    ``y = p_k + noise``. In contrast to a `SwitchingTask`, a context that returns is known.

    Parameters
    ----------
    rates : (K, K) sequence
        Q: rates [1/s, or per trial] from context (row) to context (column), each row with the sum 0.
    time_constant, stationary_std, mean : float or (K,) sequence
        Of the perturbation of every context: τ [s, or trials], σ and the mean, as in `OrnsteinUhlenbeck`.
    observation_noise : float
        σ_o > 0.
    initial_std : float or (K,) sequence, optional
        What is known of every perturbation before the first observation, by default σ: more than that for contexts
        that were never met.

    Examples
    --------
    >>> two = RecurringContexts([[-0.02, 0.02], [0.02, -0.02]], 1e3, (1.0, 20.0), 0.0, observation_noise=3.0)
    >>> two.time_constant
    (1000.0, 1000.0)

    References
    ----------
    heald_2021 (contextual inference); vastola_2025, section on continual learning.
    """

    rates: Any
    time_constant: Any
    stationary_std: Any
    mean: Any
    observation_noise: float
    initial_std: Any = None

    def __post_init__(self) -> None:
        """Check the ranges; every context gets its own values."""
        q = require_array("rates", self.rates)
        if q.ndim != 2 or len(q) != q.shape[-1]:
            raise InputError(f"rates must have shape (K, K), got {q.shape}")
        if (q - np.diag(np.diag(q)) < 0).any() or np.abs(q.sum(1)).max() > 1e-9 * max(1.0, np.abs(q).max()):
            raise InputError(f"rates must be >= 0 beside the diagonal, with rows of the sum 0, got {q.tolist()}")
        object.__setattr__(self, "rates", tuple(map(tuple, q.tolist())))
        stated = ["initial_std"] * (self.initial_std is not None)
        for name in ("time_constant", "stationary_std", "mean", *stated):
            value = _numbers(name, getattr(self, name))
            each = value if isinstance(value, tuple) else (value,) * len(q)
            if len(each) != len(q):
                raise InputError(f"{name} must be a number or have {len(q)} entries, one per context, got {len(each)}")
            for one in each:
                require_number(name, one, low=-np.inf if name == "mean" else 0, exclusive=name != "mean")
            object.__setattr__(self, name, each)
        require_number("observation_noise", self.observation_noise, low=0, exclusive=True)
        alike = next((pair for pair in combinations(range(len(q)), 2) if self._exchangeable(*pair)), None)
        if alike is not None:
            raise InputError(
                f"contexts {alike[0]} and {alike[1]} begin alike and would stay alike whatever is observed; state "
                "another mean, stationary_std, initial_std or time_constant for one of them"
            )

    def _exchangeable(self, i: int, j: int) -> bool:
        """Whether nothing changes when two contexts change places."""
        order = list(range(len(self.rates)))
        order[i], order[j] = j, i
        q = np.array(self.rates)
        own = (self.time_constant, self.stationary_std, self.mean, self.initial_std or self.stationary_std)
        return all(values[i] == values[j] for values in own) and np.array_equal(q[np.ix_(order, order)], q)


@checked
@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """Belief about an optimum that moves at random and shows in noisy gradients: ``μ = mean + Cz``, dz = Fz dt + dW.

    The learner observes ``dy = H(θ − μ) dt + dV``. With a diagonal F of −1/τ this is one Ornstein–Uhlenbeck process per
    state; F = 0 is a random walk.

    Parameters
    ----------
    transition : float, (n_states,) or (n_states, n_states) array
        F [1/s]; a number or a diagonal stands for itself.
    process_noise : float, (n_states,) or (n_states, n_states) array
        Q: covariance of dW per second [θ²/s].
    observation_noise : float, (n,) or (n, n) array
        N: covariance of dV per second [gradient²·s].
    mean : float or (n,) array
        m: where the optimum is on average.
    covariance : float, (n_states,) or (n_states, n_states) array, optional
        Covariance of z at the start. `solve` takes the filter in its steady state and refuses it.
    readout : (n, n_states) array, optional
        C: how states add up to the optimum. By default the identity.

    Raises
    ------
    InputError
        If a value is not finite, or a covariance is no covariance.

    Examples
    --------
    >>> belief = LinearGaussian(transition=-0.5, process_noise=1.0, observation_noise=[0.1, 0.4])
    >>> belief.matrices(2)[2]
    array([[0.1, 0. ],
           [0. , 0.4]])

    References
    ----------
    kalman_1961; vastola_2025, section on partial observability.
    """

    transition: Any
    process_noise: Any
    observation_noise: Any
    mean: Any = 0.0
    covariance: Any = None
    readout: Any = None

    def __post_init__(self) -> None:
        """Check that all are finite numbers."""
        for name in ("transition", "process_noise", "observation_noise", "mean", "covariance", "readout"):
            value = getattr(self, name)
            if value is None and name in ("covariance", "readout"):
                continue
            object.__setattr__(self, name, require_array(name, value))

    def read_matrix(self, n: int) -> np.ndarray:
        """C (n, n_states) for a loss of n parameters.

        Raises
        ------
        InputError
            If it has not n rows.
        """
        read = np.eye(n) if self.readout is None else np.atleast_2d(self.readout)
        if len(read) != n:
            raise InputError(f"readout must have {n} rows, one per parameter, got shape {read.shape}")
        return read

    def mean_vector(self, n: int) -> np.ndarray:
        """M (n,) for a loss of n parameters; an `InputError` if it has another size."""
        if self.mean.shape not in ((), (n,)):
            raise InputError(f"mean must be a number or ({n},), one per parameter, got shape {self.mean.shape}")
        return np.broadcast_to(self.mean, (n,)).copy()

    def matrices(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F, Q (n_states, n_states) and N (n, n) for a loss of n parameters.

        Raises
        ------
        InputError
            If a shape does not fit, Q is not positive semidefinite, or N not positive definite.
        """
        n_states = self.read_matrix(n).shape[1]
        transition = constant_matrix("transition", self.transition, n_states)
        diffusion = covariance_matrix("process_noise", self.process_noise, n_states)
        noise = covariance_matrix("observation_noise", self.observation_noise, n, definite=True)
        return transition, diffusion, noise


@checked
@dataclass(frozen=True, eq=False)
class LandscapeShape:
    """Belief about the shape of a quadratic landscape: a Gaussian over H and c in the gradient ``g = Hθ + c``.

    The gradient is linear in (H, c), so the exact posterior is a recursive Bayesian regression of observed gradients,
    ``dy = (Hθ + c) dt + σ dW``, on the weights at which they were observed.

    Parameters
    ----------
    structure : {"diagonal", "block", "full"}
        Which entries of the symmetric H may differ from 0: a synapse that knows only itself, groups of synapses that
        know each other, or all.
    curvature : float, (n,) or (n, n) array
        Prior mean of H [loss]; a number h is h·1.
    curvature_variance : float
        Prior variance of every free entry of H, > 0 [loss²].
    intercept_variance : float
        Prior variance of every entry of c, > 0 [loss²]: for an optimum of variance s² about h²s².
    observation_noise : float
        σ > 0: noise of a gradient, integrated over 1 s [loss·√s].
    intercept : float or (n,) array
        Prior mean of c [loss].
    blocks : sequence of sequences of int, optional
        Weights of every group, for ``"block"``: each weight in one of them.
    time_constant : float, optional
        Evidence fades with it [s], for a landscape that changes; by default never.

    Examples
    --------
    >>> LandscapeShape("block", 1.0, 0.5, 4.0, observation_noise=0.1, blocks=[[0, 2], [1]]).groups(3)
    ((0, 2), (1,))

    References
    ----------
    vastola_2025, section on Adam.
    """

    structure: str = "diagonal"
    curvature: Any = 1.0
    curvature_variance: float = 1.0
    intercept_variance: float = 1.0
    observation_noise: float = 1.0
    intercept: Any = 0.0
    blocks: Any = None
    time_constant: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.structure not in ("diagonal", "block", "full"):
            raise InputError(f"structure must be diagonal, block or full, got {self.structure!r}")
        if (self.structure == "block") == (self.blocks is None):
            raise InputError(f"blocks go with structure='block', got {self.structure!r} and {self.blocks!r}")
        for name in ("curvature_variance", "intercept_variance", "observation_noise"):
            require_number(name, getattr(self, name), low=0, exclusive=True)
        for name in ("curvature", "intercept"):
            object.__setattr__(self, name, require_array(name, getattr(self, name)))
        if self.time_constant is not None:
            require_number("time_constant", self.time_constant, low=0, exclusive=True, unit="s")

    def groups(self, n: int) -> tuple[tuple[int, ...], ...]:
        """Weights that know each other, for a loss of n parameters; an `InputError` if `blocks` do not cover them."""
        if self.structure == "diagonal":
            return tuple((i,) for i in range(n))
        if self.structure == "full":
            return (tuple(range(n)),)
        groups = tuple(tuple(int(i) for i in group) for group in self.blocks)
        if sorted(i for group in groups for i in group) != list(range(n)):
            raise InputError(f"blocks must hold each of the weights 0 … {n - 1} once, got {self.blocks!r}")
        return groups


def _numbers(name: str, value: Any) -> Any:
    """Float, or (nested) tuple of floats."""
    if getattr(value, "ndim", 0) or (isinstance(value, Sequence) and not isinstance(value, str | bytes)):
        if not len(value):
            raise InputError(f"{name} must not be empty")
        numbers = tuple(_numbers(f"{name}[{i}]", one) for i, one in enumerate(value))
        require_finite(name, numbers)  # rows of one length
        return numbers
    return require_number(name, value)
