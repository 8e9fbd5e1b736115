"""Theory check: does a network show the learning rates, rest points and variances that theory predicts?

A linear rate network learns a linear map with rules that are derived from an objective and get their gradient from the
error at its output. It is compared with the optimal policy of the same objective (`plasticity.solve`) and with closed
forms for noisy feedback, over a grid of discounts and curvatures.

Expect: along each principal direction of the loss the network approaches at the rate of the closed loop, for a long
horizon with the square root of the curvature, for a short one in proportion to it. Weights that decay rest where the
policy that counts on the decay rests, those that turn likewise (with feedback weights that mix the errors, which the
policy demands). Noise in the feedback spreads weights as predicted; a belief about the gradient spreads them as much as
no belief at the same effective learning rate.

Result: `rate`, `rest_decay`(discount, curvature), `rest_rotation`(discount, parameter), `rate_rotation`,
`turn_rotation`(discount), `variance` with `variance_error`(rule, discount, curvature), each with its `…_predicted`.
Rest points are shares of the optimum along each direction under decay, coordinates under rotation.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025), eqs. 6-9 and the sections on controllability and observability;
stationary variances by the Lyapunov equation of the linear closed loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.dataset import make_dataset
from plasticity.landscapes import Quadratic
from plasticity.support.exponential import fit_exponential
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """The grid of conditions, what moves the weights by itself, and the noise."""

    discounts: tuple[float, ...] = parameter(
        (0.0, 0.5, 2.0, 8.0), "1/s", "temporal discounting; 1/discount: horizon", low=0
    )
    curvatures: tuple[float, ...] = parameter((0.25, 1.0, 4.0, 16.0), "1", "curvatures of the loss", low=1e-6)
    plasticity: float = parameter(1.0, "1/s^2", "how cheap change is", low=1e-9)
    loss_weight: float = parameter(1.0, "1", "weight of the loss against the cost of change", low=1e-9)
    decay: float = parameter(1.0, "1/s", "rate at which weights decay by themselves", low=1e-6)
    rotation: float = parameter(3.0, "1/s", "angular velocity at which two weights turn by themselves")
    noise: float = parameter(0.1, "s^0.5", "intensity of the noise on the error that is fed back", low=1e-9)
    tau_gradient: float = parameter(0.5, "s", "time constant of the gradient in the belief of the learner", low=1e-6)
    duration: float = parameter(4.0, "s", "length of the runs whose rates are measured", low=1e-3)
    n_outputs: int = parameter(400, "1", "independent outputs of the noisy network", low=2)
    dt: float = parameter(1e-3, "s", "time step of the runs whose rates and rest points are measured", low=1e-6)


SMOKE = {"discounts": (0.5,), "curvatures": (1.0, 4.0), "duration": 1.0, "n_outputs": 10}

BELIEFS = ("none", "fading memory", "Ornstein-Uhlenbeck")
SETTLING = 10.0  # runs to a rest point last so many times 1/rate: it is off by e⁻¹⁰, as a variance is half-way
STEP = 0.01  # of the time scale of the fastest motion; Euler steps put rates off by half of that, variances by all


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and the steps of all runs, most of them of the noisy network."""
    p = parameters
    settling = [
        np.linalg.eigvals([closed_loop(p, b, d, h) for h in p.curvatures]) for b in BELIEFS for d in p.discounts
    ]
    noisy = sum(SETTLING / (2 * STEP) * np.abs(v).max() / np.abs(v.real).min() for v in settling)
    strength = p.plasticity * p.loss_weight * float(np.median(p.curvatures))
    rates = [np.sqrt(d**2 / 4 + strength) - d / 2 for d in p.discounts]  # the rotation leaves them as they are
    turning = sum(1.3 * SETTLING / STEP * (p.rotation / rate) ** 2 for rate in rates)
    other = turning + len(p.discounts) * (p.duration + SETTLING / p.decay) / p.dt
    n_weights = p.n_outputs * len(p.curvatures)
    return 1.6 + 1.5e-6 * (noisy + other) + 1e-8 * n_weights * noisy, 240e6 + 2000 * n_weights


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run the network in every condition; the engine is the rate engine, whatever `device`."""
    p = parameters
    results = {**_approach(p), **_rotation(p), **_variances(p, seed)}
    grid, turning, spread = ("discount", "curvature"), ("discount", "parameter"), ("rule", "discount", "curvature")
    named = {
        "rate": (grid, "1/s", "rate of approach"),
        "rest_decay": (grid, "1", "rest point under decay, share of the optimum"),
        "rest_rotation": (turning, "1", "rest point under rotation"),
        "rate_rotation": ("discount", "1/s", "rate of approach under rotation"),
        "turn_rotation": ("discount", "rad/s", "angular velocity of the approach under rotation"),
        "variance": (spread, "1", "variance of the weights under noisy feedback"),
    }
    variables: dict[str, tuple] = {
        "variance_error": (spread, results["variance_error"], "1", "standard error of the variance")
    }
    for name, (dims, unit, text) in named.items():
        variables[name] = (dims, results[name], unit, f"{text}, in the network")
        variables[f"{name}_predicted"] = (dims, results[f"{name}_predicted"], unit, f"{text}, predicted")
    return make_dataset(
        variables,
        {
            "discount": ("discount", np.array(p.discounts), "1/s", "discount"),
            "curvature": ("curvature", np.array(p.curvatures), "1", "curvature of the loss"),
            "parameter": ("parameter", np.arange(2), "1", "index of the weight"),
            "rule": ("rule", list(BELIEFS), "1", "belief of the learner about the gradient"),
        },
        title="A linear network against the theory of its rule",
        rule="derived",
        engine="rate numba",
        references=("vastola_2025",),
        label="linear network",
    )


def _approach(p: Parameters) -> dict[str, Array]:
    """Rate of approach along each direction, from all weights 0 to an optimum of 1, and rest point under decay."""
    from plasticity import Objective, derive, solve
    from scenarios.support.linear_network import balanced_patterns, learn

    patterns, optimum = balanced_patterns(p.curvatures), np.ones((1, len(p.curvatures)))
    valley = Quadratic(np.array(p.curvatures), optimum[0])
    rows = []
    for discount in p.discounts:
        free = Objective(discount, p.plasticity, p.loss_weight)
        decaying = Objective(discount, p.plasticity, p.loss_weight, drift=-p.decay)
        times, w = learn(derive(free), patterns, optimum, 0 * optimum, p.duration, p.dt, n_records=100)
        _, decayed = learn(derive(decaying), patterns, optimum, 0 * optimum, SETTLING / p.decay, p.dt, n_records=2)
        rows.append(
            {
                "rate": fit_exponential(times, w[:, 0], rest=1.0).rate,
                "rate_predicted": -np.diagonal(solve(free, valley).closed_loop),
                "rest_decay": decayed[-1, 0],
                "rest_decay_predicted": solve(decaying, valley).rest_point,
            }
        )
    return _columns(rows)


def _rotation(p: Parameters) -> dict[str, Array]:
    """Rest point, rate and angular velocity of two weights that turn, one to each of two outputs.

    The local form of the policy is ``u = −ηM(k g + P f)``, M = (γ1 − A_clᵀ)⁻¹. In this network the gradient is minus
    the error times the input, so ηkM are feedback weights that mix the two errors, and −ηMPA adds to the drift.
    """
    from functools import partial

    import sympy as sp

    from plasticity import Controllability, FeedbackChannel, Objective, derive, solve
    from scenarios.support.linear_network import learn

    turn = p.rotation * np.array([[0.0, -1.0], [1.0, 0.0]])
    curvature, optimum = float(np.median(p.curvatures)), np.array([0.5, -1.0])
    patterns = np.sqrt(curvature) * np.array([[1.0], [-1.0]])
    rows: list[dict[str, Any]] = []
    for discount in p.discounts:
        policy = solve(Objective(discount, p.plasticity, p.loss_weight, drift=turn), Quadratic(curvature, optimum))
        mobility = p.plasticity * np.linalg.inv(discount * np.eye(2) - policy.closed_loop.T)
        channel = FeedbackChannel(projection=p.loss_weight * mobility)
        moved = Controllability(drift=turn - mobility @ policy.value_matrix @ turn)
        rule, start = derive(Objective(sp.oo)), np.array([[1.5], [1.5]])
        turned = partial(learn, rule, patterns, optimum[:, None], feedback=channel, controllability=moved)
        duration, dt = SETTLING / policy.rates.min(), STEP * policy.rates.min() / p.rotation**2
        _, w = turned(start, duration, dt, n_records=2)
        rest = w[-1, :, 0]
        times, w = turned(start, 0.3 * duration, dt, n_records=300)
        away = (w[..., 0] - rest) @ np.array([1.0, 1j])
        rows.append(
            {
                "rest_rotation": rest,
                "rest_rotation_predicted": policy.rest_point,
                "rate_rotation": fit_exponential(times, np.abs(away), rest=0.0).rate,
                "rate_rotation_predicted": policy.rates[0],
                "turn_rotation": np.polyfit(times, np.unwrap(np.angle(away)), 1)[0],
                "turn_rotation_predicted": np.sign(p.rotation) * np.abs(policy.eigenvalues.imag).max(),
            }
        )
    return _columns(rows)


def _columns(rows: list[dict[str, Any]]) -> dict[str, Array]:
    """Values of all discounts, by name."""
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _variances(p: Parameters, seed: int) -> dict[str, Array]:
    """Variance of the weights around the optimum; its error follows from the independent rows."""
    from plasticity import FeedbackChannel, Objective, derive
    from scenarios.support.linear_network import balanced_patterns, learn

    patterns = balanced_patterns(p.curvatures)
    optimum = np.ones((p.n_outputs, len(p.curvatures)))
    channel = FeedbackChannel(noise=p.noise)
    shape = (len(BELIEFS), len(p.discounts), len(p.curvatures))
    variance, error, predicted = np.empty(shape), np.empty(shape), np.empty(shape)
    for r, belief in enumerate(BELIEFS):
        for d, discount in enumerate(p.discounts):
            objective = Objective(discount, p.plasticity, p.loss_weight)
            rule = derive(objective, _belief(belief, p))
            motion = [closed_loop(p, belief, discount, h) for h in p.curvatures]
            rates = np.abs(np.linalg.eigvals(motion).real), np.abs(np.linalg.eigvals(motion))
            duration, dt = SETTLING / rates[0].min(), 2 * STEP / rates[1].max()
            _, w = learn(rule, patterns, optimum, optimum, duration, dt, 40, seed, channel)
            spread = ((w[20:] - 1) ** 2).mean(axis=0)
            variance[r, d], error[r, d] = spread.mean(axis=0), spread.std(axis=0, ddof=1) / np.sqrt(p.n_outputs)
            predicted[r, d] = [predicted_variance(p, belief, discount, h) for h in p.curvatures]
    return {"variance": variance, "variance_error": error, "variance_predicted": predicted}


def _belief(name: str, p: Parameters) -> Any:

    if name == "fading memory":
        return FadingMemory(time_constant=p.tau_gradient)
    return OrnsteinUhlenbeck(p.tau_gradient, 1.0, 1.0) if name == "Ornstein-Uhlenbeck" else None


def closed_loop(p: Parameters, belief: str, discount: float, curvature: float) -> Array:
    """Matrix of the motion of (weight, believed gradient) around the optimum; without a belief the weight alone counts.

    The weight moves by −κ times the gradient, κ = ηk/(γ + r), or ηk/(γ + r + 1/τ) for who expects the gradient to fade;
    the belief by K(gradient − belief) − belief/τ, with gain K and forgetting 1/τ.
    """
    strength = p.plasticity * p.loss_weight
    slowness = discount / 2 + np.sqrt(discount**2 / 4 + strength * curvature)
    if belief == "none":
        return -strength / slowness * curvature * np.eye(2)
    gain, forgetting = 1 / p.tau_gradient, 0.0
    if belief == "Ornstein-Uhlenbeck":
        forgetting = 1 / p.tau_gradient
        gain = -forgetting + np.sqrt(forgetting**2 + 2 * forgetting)  # steady Kalman gain, both variances 1
    return np.array([[0.0, -strength / (slowness + forgetting)], [gain * curvature, -gain - forgetting]])


def predicted_variance(p: Parameters, belief: str, discount: float, curvature: float) -> float:
    """Stationary variance of a weight: κσ²/2h without a belief, κKσ²/[2h(K + 1/τ)] with one.

    σ² is the intensity of the noise of the gradient: noise² times the squared input, which is the curvature h.
    """
    motion = closed_loop(p, belief, discount, curvature)
    if belief == "none":
        return -motion[0, 0] / curvature * p.noise**2 / 2
    return motion[0, 1] * motion[1, 0] / motion[1, 1] / curvature * p.noise**2 / 2
