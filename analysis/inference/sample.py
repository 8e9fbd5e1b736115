"""Posterior by adaptive importance sampling from a Student distribution at the mode; emcee where that fails.

Draws are independent and their weights exact, so that no chain has to mix; the effective sample size tells whether
the proposal fits. A calibration with thousands of learners is a matter of minutes this way.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from analysis.inference.descent import hessian_of, positive
from plasticity.errors import InputError

Array = NDArray[np.float64]
DEGREES = 5.0  # of the proposal: tails heavier than those of a posterior in logarithms
ROUNDS = 4
ENOUGH = 0.3  # share of effective draws at which the proposal is good
POOR = 0.1  # share below which a ridge is sought
MOST_NODES = 40  # of a ridge, on each side
LONGEST = 0.4  # step along a ridge: half as much again in a positive number
DEPTH = 10.0  # nats below the mode at which a ridge ends
FEW = 100.0  # effective draws below which emcee takes over


def importance(
    density: Callable[[Array], Array], mode: Array, hessian: Array, n_draws: int, rng: np.random.Generator
) -> tuple[Array, Array, float]:
    """Draws (n, d), their normalised weights (n,), and the effective sample size."""
    centre, spread = mode, np.linalg.inv(positive(hessian))
    for _ in range(ROUNDS):
        root = np.linalg.cholesky(spread)
        draws, log_proposal = _student(centre, root, n_draws, rng)
        weights = _weights(density(draws) - log_proposal)
        effective = 1.0 / float(np.sum(weights**2))
        if effective >= ENOUGH * n_draws or effective < 5 * mode.size:
            break
        centre = weights @ draws
        away = draws - centre
        spread = positive_covariance((weights[:, None] * away).T @ away)
    return draws, weights, effective


def along_ridge(
    density: Callable[[Array], Array], mode: Array, n_draws: int, rng: np.random.Generator
) -> tuple[Array, Array, float]:
    """As `importance`, from a mixture of Student distributions along the weakest direction, which may be curved.

    From the mode steps of one width lead along the weakest axis of the curvature; after each, Newton steps across it
    return to the ridge. Exact and near aliases have posteriors of this shape.
    """
    nodes = [_node(density, mode)]
    top = float(density(mode[None])[0])
    for sign in (1.0, -1.0):
        u, (_, axes, widths) = mode, nodes[0]
        heading = sign * axes[:, -1]
        for _ in range(MOST_NODES):
            u = _back_to_ridge(density, u + min(widths[-1], LONGEST) * heading, heading)
            if not float(density(u[None])[0]) > top - DEPTH:
                break
            node = _node(density, u)
            nodes.append(node)
            _, axes, widths = node
            heading = axes[:, -1] * np.sign(axes[:, -1] @ heading)
    roots = [axes * np.append(widths[:-1], min(widths[-1], LONGEST)) for _, axes, widths in nodes]
    which = rng.integers(len(nodes), size=n_draws)
    draws = np.empty((n_draws, mode.size))
    for k, ((centre, _, _), root) in enumerate(zip(nodes, roots, strict=True)):
        draws[which == k] = _student(centre, root, int(np.sum(which == k)), rng)[0]
    densities = [_student_density(draws, centre, root) for (centre, _, _), root in zip(nodes, roots, strict=True)]
    weights = _weights(density(draws) - logsumexp(densities, axis=0))
    return draws, weights, 1.0 / float(np.sum(weights**2))


def _node(density: Callable[[Array], Array], u: Array) -> tuple[Array, Array, Array]:
    """A point of the ridge, the axes of the curvature there (columns, the weakest last), and the widths along them."""
    values, axes = np.linalg.eigh(positive(hessian_of(density, u)))
    return u, axes[:, ::-1], 1.0 / np.sqrt(values[::-1])


def _back_to_ridge(density: Callable[[Array], Array], u: Array, heading: Array) -> Array:
    """Maximum of the density across a direction, by Newton's method from u."""
    across = np.linalg.svd(heading[None])[2][1:].T
    if not across.size:
        return u

    def inner(x: Array) -> Array:
        return density(u + x @ across.T)

    x = np.zeros(across.shape[1])
    for _ in range(4):
        curvature = positive(hessian_of(inner, x))
        values, axes = np.linalg.eigh(curvature)
        steps = 0.1 * axes / np.sqrt(values)
        f = inner(np.concatenate([x + steps.T, x - steps.T]))
        with np.errstate(invalid="ignore"):  # outside the prior −ln p is infinite
            slope = axes @ ((f[: x.size] - f[x.size :]) / 0.2 * np.sqrt(values))
        move = np.linalg.solve(curvature, np.nan_to_num(slope))
        trial = x + np.array([1.0, 0.5, 0.1, 0.0])[:, None] * move
        x = trial[np.argmax(inner(trial))]
    return u + across @ x


def ensemble(
    density: Callable[[Array], Array], draws: Array, weights: Array, n_draws: int, rng: np.random.Generator
) -> tuple[Array, float]:
    """Draws (n, d) by emcee from resampled starts, and their effective number."""
    try:
        import emcee
    except ImportError:
        raise InputError("this posterior needs emcee, which is not installed: pip install 'steersman[fit]'") from None
    d = draws.shape[1]
    n_walkers = max(32, 4 * d)
    start = draws[rng.choice(len(draws), n_walkers, p=weights)]
    start = start + 1e-3 * draws.std(axis=0) * rng.standard_normal(start.shape)
    moves = [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]
    sampler = emcee.EnsembleSampler(n_walkers, d, density, moves=moves, vectorize=True)
    sampler.random_state = np.random.RandomState(rng.integers(2**32 - 1)).get_state()
    sampler.run_mcmc(start, 3000, skip_initial_state_check=True)
    chain = sampler.get_chain(discard=1500)
    time = float(np.max(emcee.autocorr.integrated_time(chain, tol=0, quiet=True)))
    flat = chain.reshape(-1, d)
    return flat[rng.choice(len(flat), n_draws)], len(flat) / time


def _student(centre: Array, root: Array, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    z = rng.standard_normal((n, centre.size)) / np.sqrt(rng.chisquare(DEGREES, (n, 1)) / DEGREES)
    draws = centre + z @ root.T
    return draws, _student_density(draws, centre, root)


def _student_density(draws: Array, centre: Array, root: Array) -> Array:
    """Logarithm of the density (n,) of a Student distribution whose scale matrix is root·rootᵀ."""
    d = centre.size
    z = np.linalg.solve(root, (draws - centre).T)
    constant = gammaln(0.5 * (DEGREES + d)) - gammaln(0.5 * DEGREES) - 0.5 * d * np.log(DEGREES * np.pi)
    spread = np.linalg.slogdet(root)[1]
    return constant - spread - 0.5 * (DEGREES + d) * np.log1p(np.sum(z**2, axis=0) / DEGREES)


def _weights(log_weights: Array) -> Array:
    weights = np.exp(log_weights - np.max(log_weights))
    return weights / weights.sum()


def positive_covariance(matrix: Array) -> Array:
    """Covariance with its smallest eigenvalues raised to 1e-12 of the largest."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * np.maximum(values, 1e-12 * values.max())) @ vectors.T
