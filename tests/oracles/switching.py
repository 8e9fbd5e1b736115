"""An optimum that jumps, and what an exact observer on a grid makes of it."""

from dataclasses import dataclass

import numpy as np

from plasticity.landscapes import LandscapeSequence


def jumping(task, dt, n_steps, n, seed):
    """Optimum and observation (n_steps, n) of `n` independent tasks, and the number of switches; one dimension each."""
    random = np.random.default_rng(seed)
    spread = np.sqrt(task.prior_covariance)
    draws = task.prior_mean + spread * random.standard_normal((n_steps, n))
    switched = random.random((n_steps, n)) < -np.expm1(-task.hazard * dt)
    switched[0] = True
    latest = np.maximum.accumulate(np.where(switched, np.arange(n_steps)[:, None], 0), axis=0)
    optimum = np.take_along_axis(draws, latest, axis=0)
    noise = task.observation_noise / np.sqrt(dt) * random.standard_normal((n_steps, n))
    return optimum, optimum + noise, int(switched[1:].sum())


def grid_means(task, dt, observations, spacing):
    """Exact posterior means (n_steps, n) after every observation, by sums over a grid (spectrally accurate)."""
    switch, noise = -np.expm1(-task.hazard * dt), task.observation_noise**2 / dt
    reach = 6 * np.sqrt(task.prior_covariance)
    x = task.prior_mean + np.arange(-reach, reach + spacing, spacing)
    prior = np.exp(-((x - task.prior_mean) ** 2) / (2 * task.prior_covariance))
    prior /= prior.sum()
    density = np.tile(prior, (observations.shape[1], 1))
    means = np.empty_like(observations)
    for step, y in enumerate(observations):
        density *= 1 - switch
        density += switch * prior
        exponent = (y[:, None] - x) ** 2
        exponent -= exponent.min(axis=1, keepdims=True)
        exponent /= -2 * noise
        density *= np.exp(exponent, out=exponent)
        density /= density.sum(axis=1, keepdims=True)
        means[step] = density @ x
    return means


def last_switch_means(task, dt, observations):
    """Exact posterior means (n_steps, n) after every observation, by sums over the time of the last switch."""
    switch, noise = -np.expm1(-task.hazard * dt), task.observation_noise**2 / dt
    n = observations.shape[1]
    means, chance = np.empty((n, 0)), np.empty((n, 0))  # since which time: the oldest last
    variances, out = np.empty(0), np.empty_like(observations)
    for step, y in enumerate(observations):
        means = np.column_stack([np.full(n, task.prior_mean), means])
        variances = np.append(task.prior_covariance, variances)
        chance = np.column_stack([np.full(n, switch if step else 1.0), (1 - switch) * chance])
        total, surprise = variances + noise, y[:, None] - means
        log = -0.5 * surprise**2 / total - 0.5 * np.log(total)
        chance = chance * np.exp(log - log.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        means = means + variances / total * surprise
        variances = variances * noise / total
        out[step] = np.sum(chance * means, axis=1)
    return out


def moment_means(task, dt, observations):
    """Means (n_steps, n) of a filter that keeps one Gaussian with the first two moments, and so never jumps."""
    switch, noise = -np.expm1(-task.hazard * dt), task.observation_noise**2 / dt
    mean, variance = np.full(observations.shape[1], task.prior_mean), task.prior_covariance
    means = np.empty_like(observations)
    for step, y in enumerate(observations):
        away = task.prior_mean - mean
        variance = (1 - switch) * variance + switch * task.prior_covariance + switch * (1 - switch) * away**2
        mean = mean + switch * away
        mean = mean + variance / (variance + noise) * (y - mean)
        variance = variance * noise / (variance + noise)
        means[step] = mean
    return means


@dataclass(frozen=True, eq=False)
class Seen(LandscapeSequence):
    """Losses ½(θ − y)² whose optimum is what was observed (n_steps, n)."""

    observations: np.ndarray

    @property
    def n(self):
        return self.observations.shape[1]

    @property
    def n_steps(self):
        return len(self.observations)

    def at(self, step):
        return Parabola(self.observations[min(step, self.n_steps - 1)])


@dataclass(frozen=True, eq=False)
class Parabola:
    optimum: np.ndarray

    def loss(self, theta):
        return 0.5 * np.sum((theta - self.optimum) ** 2, axis=-1)

    def gradient(self, theta):
        return theta - self.optimum

    def hessian(self, theta):
        return np.broadcast_to(np.eye(self.optimum.size), (*np.shape(theta), self.optimum.size))
