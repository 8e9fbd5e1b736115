"""Filters: the posterior of a hidden state from noisy observations, one step at a time.

A filter has ``init() → state``, ``predict(state) → state`` (to the time of the next observation) and
``update(state, observation) → state, log_likelihood``. A state has a ``mean`` and a ``covariance``. `track` filters a
sequence of observations. An observation of NaN is a missing one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.belief import GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.objective import constant_matrix
from plasticity.support.checks import checked, require_array, require_finite, require_number, require_whole

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


class Filter(Protocol):
    """Interface of a filter."""

    def init(self) -> Any:
        """State before the first observation."""

    def predict(self, state: Any) -> Any:
        """State at the time of the next observation."""

    def update(self, state: Any, observation: Array) -> tuple[Any, float]:
        """State after an observation, and the logarithm of the predicted density of this observation."""
        ...


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Gaussian posterior with `mean` (n,) and `covariance` (n, n)."""

    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """Kalman filter of ``x' = rest + A (x − rest) + N(0, Q)``, ``y = C x + N(0, R)``.

    Parameters
    ----------
    transition, process_covariance : (n, n) array
        A and Q, from one observation to the next.
    observation : (m, n) array
        C.
    observation_covariance : (m, m) array
        R, positive definite.
    mean, covariance : (n,), (n, n) array
        Prior of the state at the first observation.
    rest : (n,) array
        Mean of the state without observations, after a long time.

    Raises
    ------
    InputError
        If shapes do not fit.

    Examples
    --------
    A constant with prior N(0, 1), observed with noise of variance 1: the posterior mean is Σy/(n + 1).

    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> constant = LinearGaussian(one, zero, one, one, np.zeros(1), one, np.zeros(1))
    >>> track(constant, [[1.0], [5.0]]).belief.values[:, 0]
    array([0.5, 2. ])

    References
    ----------
    kalman_1960.
    """

    transition: Array
    process_covariance: Array
    observation: Array
    observation_covariance: Array
    mean: Array
    covariance: Array
    rest: Array

    def __post_init__(self) -> None:
        """Check the shapes."""
        m, n = np.shape(self.observation)
        shapes: dict[str, tuple[int, ...]] = {"observation": (m, n), "observation_covariance": (m, m)}
        shapes |= dict.fromkeys(("transition", "process_covariance", "covariance"), (n, n))
        shapes |= dict.fromkeys(("mean", "rest"), (n,))
        for name, shape in shapes.items():
            object.__setattr__(self, name, require_array(name, getattr(self, name), shape))

    def init(self) -> Gaussian:
        """Prior of the state at the first observation."""
        return Gaussian(self.mean, self.covariance)

    def predict(self, state: Gaussian) -> Gaussian:
        """``m ← rest + A (m − rest)``, ``P ← APAᵀ + Q``."""
        a = self.transition
        return Gaussian(self.rest + a @ (state.mean - self.rest), a @ state.covariance @ a.T + self.process_covariance)

    def update(self, state: Gaussian, observation: Array) -> tuple[Gaussian, float]:
        """``m ← m + K(y − Cm)``, ``P ← (1 − KC)P(1 − KC)ᵀ + KRKᵀ`` with the gain of the rows of C that are not NaN."""
        y = _observed(observation, len(self.observation))
        seen = ~np.isnan(y)
        if not seen.any():
            return state, 0.0
        y, c, r = y[seen], self.observation[seen], self.observation_covariance[np.ix_(seen, seen)]
        p, gain = state.covariance, _gain(c, r, state.covariance)
        rest = np.eye(len(p)) - gain @ c
        surprise = y - c @ state.mean
        after = Gaussian(state.mean + gain @ surprise, rest @ p @ rest.T + gain @ r @ gain.T)
        return after, float(_log_density(surprise, c @ p @ c.T + r))


@checked
@dataclass(frozen=True)
class Fading:
    """Fading memory of a constant from a diffuse start: the prior variance is divided by β before each observation.

    In units of the noise the precision is ``J ← βJ + 1``, the gain 1/J, and the mean the bias-corrected moving average.
    The density of the first observation is improper; its log likelihood counts as 0.

    Parameters
    ----------
    decay : float
        β in (0, 1).
    noise_variance : float
        Of one observation.
    n : int
        Number of components, observed independently.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> track(Fading(0.5), [[1.0], [4.0]]).belief.values[:, 0]  # (½·1 + 4)/(½ + 1)
    array([1., 3.])

    References
    ----------
    kingma_2015, section 3.
    """

    decay: float
    noise_variance: float = 1.0
    n: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_number("noise_variance", self.noise_variance, low=0, exclusive=True)
        require_whole("n", self.n, low=1)
        if not 0 < require_number("decay", self.decay) < 1:
            raise InputError(f"decay must lie strictly between 0 and 1, got {self.decay}")

    def init(self) -> Gaussian:
        """Diffuse start."""
        return Gaussian(np.zeros(self.n), np.diag(np.full(self.n, np.inf)))

    def predict(self, state: Gaussian) -> Gaussian:
        """Larger variance, the same mean."""
        return Gaussian(state.mean, np.diag(np.diag(state.covariance) / self.decay))

    def update(self, state: Gaussian, observation: Array) -> tuple[Gaussian, float]:
        """``m ← m + (y − m)/J``."""
        y = _observed(observation, self.n)
        seen = ~np.isnan(y)
        if not seen.any():
            return state, 0.0
        variance, surprise = np.diag(state.covariance), np.where(seen, y - state.mean, 0.0)
        gain = np.where(seen, 1 / (self.noise_variance / variance + 1), 0.0)
        total = variance[seen] + self.noise_variance
        left = np.where(seen, self.noise_variance * gain, variance)
        after = Gaussian(state.mean + gain * surprise, np.diag(left))
        return after, float(_log_density(surprise[seen], np.diag(total))) if np.isfinite(total).all() else 0.0


@dataclass(frozen=True, eq=False)
class Mixture:
    """Mixture of Gaussians, one for each time of the last switch, the latest time last.

    Parameters
    ----------
    means, covariances : (k, n), (k, n, n) array
    probabilities : (k,) array
    just_switched : float
        Probability of a switch since the observation before; 1 at the first.
    dropped : float
        Largest total probability of the components dropped after one observation.
    """

    means: Array
    covariances: Array
    probabilities: Array
    just_switched: float = 1.0
    dropped: float = 0.0

    @property
    def mean(self) -> Array:
        """Mean of the mixture."""
        return self.probabilities @ self.means

    @property
    def covariance(self) -> Array:
        """Covariance of the mixture."""
        away = self.means - self.mean
        return np.einsum("k,kij->ij", self.probabilities, self.covariances + away[:, :, None] * away[:, None])


@checked
@dataclass(frozen=True)
class Switching:
    """Exact posterior of an optimum that is replaced at unannounced times.

    Between two observations the task is replaced with probability ``1 − e^{−λ dt}``. Each component of the mixture
    starts from the prior N(μ_0, Σ_0) and is updated by every observation since its switch; its probability is
    multiplied by the density that it predicted for the observation.

    Parameters
    ----------
    task : SwitchingTask
    dt : float
        Time between observations [s]; an observation has the noise variance σ_o²/dt.
    n : int
        Dimension of the optimum.
    tolerance : float
        Components with a smaller probability are dropped; 0 keeps all.

    Raises
    ------
    InputError
        If shapes do not fit, or a value is out of range.

    Examples
    --------
    A surprise resets the belief towards the prior mean 0:

    >>> task = SwitchingTask(hazard=0.05, prior_mean=0.0, prior_covariance=4.0, observation_noise=0.5)
    >>> track(Switching(task, dt=1.0), [[3.0]] * 5 + [[0.5]]).belief.values[[4, 5], 0].round(2)
    array([2.96, 0.48])

    References
    ----------
    adams_2007; vastola_2025, section on continual learning.
    """

    task: SwitchingTask
    dt: float
    n: int = 1
    tolerance: float = 1e-12

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_number("dt", self.dt, low=0, exclusive=True, unit="s")
        require_number("tolerance", self.tolerance, low=0, high=0.5)
        require_whole("n", self.n, low=1)
        if np.shape(self.task.prior_mean) not in ((), (self.n,)):
            raise InputError(
                f"prior_mean must be a number or have shape ({self.n},), got {np.shape(self.task.prior_mean)}"
            )

    @property
    def switch(self) -> float:
        """Probability of a switch between two observations."""
        return float(-np.expm1(-self.task.hazard * self.dt))

    def init(self) -> Mixture:
        """Prior of a new task."""
        mean = np.broadcast_to(np.asarray(self.task.prior_mean, dtype=float), (self.n,))
        spread = constant_matrix("prior_covariance", self.task.prior_covariance, self.n)
        return Mixture(mean[None], spread[None], np.ones(1))

    def predict(self, state: Mixture) -> Mixture:
        """A new task joins the mixture."""
        if self.switch == 0:
            return Mixture(state.means, state.covariances, state.probabilities, 0.0, state.dropped)
        new = self.init()
        means, covariances = np.vstack([state.means, new.means]), np.vstack([state.covariances, new.covariances])
        probabilities = np.append((1 - self.switch) * state.probabilities, self.switch)
        return Mixture(means, covariances, probabilities, self.switch, state.dropped)

    def update(self, state: Mixture, observation: Array) -> tuple[Mixture, float]:
        """Kalman update of every component; improbable components are dropped."""
        y, log_likelihood = _observed(observation, self.n), 0.0
        means, covariances, probabilities = state.means, state.covariances, state.probabilities
        seen = ~np.isnan(y)
        if seen.any():
            read = np.eye(self.n)[seen]
            noise = np.eye(len(read)) * self.task.observation_noise**2 / self.dt
            surprise, total = y[seen] - means @ read.T, read @ covariances @ read.T + noise
            gain = np.swapaxes(np.linalg.solve(total, read @ covariances), -1, -2)
            rest = np.eye(self.n) - gain @ read
            with np.errstate(divide="ignore"):
                log = np.log(probabilities) + _log_density(surprise, total)
            means = means + np.einsum("kij,kj->ki", gain, surprise)
            covariances = rest @ covariances @ np.swapaxes(rest, -1, -2) + gain @ noise @ np.swapaxes(gain, -1, -2)
            probabilities = np.exp(log - log.max())
            log_likelihood = float(log.max() + np.log(probabilities.sum()))
            probabilities = probabilities / probabilities.sum()
        stay = probabilities >= min(self.tolerance, probabilities.max())
        left = float(probabilities[stay].sum())
        just_switched = float(probabilities[-1]) if state.just_switched > 0 else 0.0
        dropped = max(state.dropped, float(probabilities[~stay].sum()))
        return Mixture(
            means[stay], covariances[stay], probabilities[stay] / left, just_switched, dropped
        ), log_likelihood


@checked
def states(filter: Filter, observations: ArrayLike) -> Iterator[tuple[Any, float]]:
    """State and log likelihood after each of the observations (n_times, m)."""
    y = require_finite("observations", observations, missing=True)
    if y.ndim != 2:
        raise InputError(f"observations must have shape (n_times, m), got {y.shape}")
    state = filter.init()
    for k, observation in enumerate(y):
        state, log_likelihood = filter.update(filter.predict(state) if k else state, observation)
        yield state, log_likelihood


@checked
def track(filter: Filter, observations: ArrayLike, dt: float = 1.0) -> xr.Dataset:
    """Belief of a filter after each observation.

    Parameters
    ----------
    filter : Filter
    observations : (n_times, m) array
        NaN is a component that was not observed, a row of NaN a missing observation.
    dt : float
        Time between observations [s].

    Returns
    -------
    xarray.Dataset
        ``belief(time, component)``, the posterior mean, ``covariance(time, component, other)`` and
        ``log_likelihood(time)`` of each observation conditional on those before; their sum is that of all.

    Raises
    ------
    InputError
        If the observations do not fit the filter.
    """
    require_number("dt", dt, low=0, exclusive=True, unit="s")
    path = list(states(filter, observations))
    n = len(filter.init().mean)
    mean = np.array([state.mean for state, _ in path]).reshape(-1, n)
    covariance = np.array([state.covariance for state, _ in path]).reshape(-1, n, n)
    return make_dataset(
        {
            "belief": (("time", "component"), mean, "1", "posterior mean"),
            "covariance": (("time", "component", "other"), covariance, "1", "posterior covariance"),
            "log_likelihood": (("time",), np.array([log for _, log in path]), "1", "log likelihood of an observation"),
        },
        {
            "time": ("time", np.arange(len(path)) * dt, "s", "time"),
            "component": ("component", np.arange(n), "1", "component of the hidden state"),
            "other": ("other", np.arange(n), "1", "component of the hidden state"),
        },
        title=f"Belief of {type(filter).__name__}",
        engine="filters",
        parameters={"dt": dt},
    )


@checked
def kalman_gain(filter: LinearGaussian, state: Gaussian) -> Array:
    """Gain ``K = PCᵀ(CPCᵀ + R)⁻¹`` (n, m) for the next observation."""
    return _gain(filter.observation, filter.observation_covariance, state.covariance)


def _gain(c: Array, r: Array, p: Array) -> Array:
    """``PCᵀ(CPCᵀ + R)⁻¹``."""
    return np.linalg.solve(c @ p @ c.T + r, c @ p).T.astype(float)


@checked
def steady_gain(filter: LinearGaussian) -> Array:
    """Gain (n, m) after many observations, from the algebraic Riccati equation.

    Examples
    --------
    >>> steady_gain(random_walk(GaussianWeight(1.0, process_noise=0.5), observation_noise=1.0, dt=1.0)).round(6)
    array([[0.5]])
    """
    return kalman_gain(filter, steady(filter).init())


@checked
def steady(filter: LinearGaussian) -> LinearGaussian:
    """The same filter after many observations: it begins at rest, with the covariance of the Riccati equation.

    Raises
    ------
    InputError
        If there is no steady state, or none that numbers can tell from a singular one.
    """
    from scipy.linalg import LinAlgError, solve_discrete_are

    f = filter
    try:
        p = solve_discrete_are(f.transition.T, f.observation.T, f.process_covariance, f.observation_covariance)
    except LinAlgError:
        raise InputError(
            "the filter has no steady state that can be computed; give components distinct time constants and process "
            "noise that is not negligible"
        ) from None
    return replace(f, mean=f.rest, covariance=p)


@checked
def ornstein_uhlenbeck(belief: OrnsteinUhlenbeck, dt: float) -> LinearGaussian:
    """Kalman filter of a sum of Ornstein–Uhlenbeck processes observed every `dt` [s], from the stationary state.

    ``a = e^{−dt/τ}``, ``q = σ²(1 − a²)``, ``r = σ_o²/dt``: the noise of an average over `dt`.
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    tau, std = np.atleast_1d(belief.time_constant), np.atleast_1d(belief.stationary_std)
    rest = np.broadcast_to(np.atleast_1d(belief.mean), tau.shape).astype(float)
    return LinearGaussian(
        transition=np.diag(np.exp(-dt / tau)),
        process_covariance=np.diag(-(std**2) * np.expm1(-2 * dt / tau)),
        observation=np.ones((1, tau.size)),
        observation_covariance=np.array([[belief.observation_noise**2 / dt]]),
        mean=rest,
        covariance=np.diag(std**2 * np.ones(tau.size)),
        rest=rest,
    )


@checked
def random_walk(belief: GaussianWeight, observation_noise: float, dt: float, mean: float = 0.0) -> LinearGaussian:
    """Kalman filter of one synapse for its best weight, observed every `dt` with noise of intensity σ_o².

    ``a = 1``, ``q = process_noise·dt``, ``r = σ_o²/dt``: uncertain synapses learn faster.

    References
    ----------
    aitchison_2021.
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    noise = require_number("observation_noise", observation_noise, low=0, exclusive=True)
    one, start = np.ones((1, 1)), np.array([float(mean)])
    return LinearGaussian(
        one, one * belief.process_noise * dt, one, one * noise**2 / dt, start, one * belief.variance, start
    )


@checked
def trials(retention: ArrayLike, process_variance: ArrayLike, observation_variance: float) -> LinearGaussian:
    """Kalman filter of a perturbation over behavioural trials, a sum of components ``p_i ← a_i p_i + N(0, q_i)``.

    Parameters
    ----------
    retention : (m,) array
        a_i in [0, 1) per trial.
    process_variance : (m,) array
        q_i > 0.
    observation_variance : float
        r > 0, of the error observed in one trial.

    References
    ----------
    smith_2006; vastola_2025, section on partial observability.
    """
    a, q = np.atleast_1d(np.asarray(retention, dtype=float)), np.atleast_1d(np.asarray(process_variance, dtype=float))
    if a.ndim != 1 or a.shape != q.shape:
        raise InputError(f"retention and process_variance must have one shape (m,), got {a.shape} and {q.shape}")
    if not np.all((a >= 0) & (a < 1)):
        raise InputError(f"retention must be >= 0 and < 1 per trial, got {a.tolist()}")
    if not np.all(q > 0):
        raise InputError(f"process_variance must be > 0, got {q.tolist()}")
    r = require_number("observation_variance", observation_variance, low=0, exclusive=True)
    zero = np.zeros(a.size)
    return LinearGaussian(
        np.diag(a), np.diag(q), np.ones((1, a.size)), np.array([[r]]), zero, np.diag(q / (1 - a**2)), zero
    )


def _observed(observation: ArrayLike, m: int) -> Array:
    y = require_finite("observations", observation, missing=True)
    if y.shape != (m,):
        raise InputError(f"observations must have shape (n_times, {m}), one of them has {y.shape}")
    return y


def _log_density(surprise: Array, covariance: Array) -> Array:
    """Logarithm of N(0, covariance) at `surprise`, batched."""
    solved = np.linalg.solve(covariance, surprise[..., None])[..., 0]
    return -0.5 * (np.sum(surprise * solved, axis=-1) + np.linalg.slogdet(2 * np.pi * covariance)[1])
