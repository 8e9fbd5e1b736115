"""Named rules: which assumption turns the optimal rule into each of the rules that have a name?

Seven systems; in each, one assumption of the learner is varied, the engine derives what is optimal, and the result is
compared with rules that have a name. Gradient descent: the horizon shrinks, in a metric that is fixed beforehand.
Momentum: the gradient is known through a memory. Natural gradient: distances are measured in another metric.
Non-gradient rules: weights turn by themselves. Adam: the gradient, its square, or both are known through a memory.
Weight resetting: tasks are replaced. Leaving a minimum: the horizon grows.

Expect: at one end of each assumption one name, at the other end another one. In between the multi-step rule moves from
the ballistic rule to gradient descent as the horizon shrinks.

Result: `distance`(case, rule), how far the optimal change of the weights is from that of a named rule, as a share of
the optimal change (both at the same weights; one factor for all, the learning rate, is free where paths do not depend
on it); NaN where the rule is not compared. A case has a `system`, an `assumption` and a `name`: that of the first rule
nearer than `tolerance`, or "no name".

Source: Vastola, Gershman & Rajan 2025 (vastola_2025), the rules that its sections derive. The named rules are written
by hand here, as in textbooks, but for "non-gradient rule": it is the name of what is left when the part that is the
gradient in some metric does not explain the optimal rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.belief import FadingMemory
from plasticity.dataset import make_dataset
from plasticity.landscapes import DoubleWell, Quadratic
from plasticity.objective import Objective
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from plasticity.rule import Rule

Array = NDArray[np.float64]
Case = tuple[str, Array, dict[str, Array]]  # the assumption, the optimal change, changes of named rules
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MEMORY = 0.99  # of the squared gradient, per step
EPSILON = 1e-8


@dataclass(frozen=True)
class Parameters:
    """The valley, and the values of every assumption."""

    curvature_ratio: float = parameter(4.0, "1", "steep over flat curvature of the valley", low=1)
    discounts: tuple[float, ...] = parameter((0.0, 0.3, 3.0, 300.0), "1/s", "discounts, for gradient descent", low=0)
    decays: tuple[float, ...] = parameter((0.0, 0.5, 0.9), "1", "memories of the gradient", low=0, high=0.99)
    shares: tuple[float, ...] = parameter((0.0, 0.5, 1.0), "1", "shares of the other metric", low=0, high=1)
    rotations: tuple[float, ...] = parameter((0.0, 0.3, 3.0), "rad/s", "angular velocities of the weights")
    hazards: tuple[float, ...] = parameter((0.0, 0.1, 1.0), "1/s", "rates at which tasks are replaced", low=0)
    leaving: tuple[float, ...] = parameter((0.1, 0.4, 0.7, 3.0), "1/s", "discounts, for leaving a minimum", low=0)
    tolerance: float = parameter(0.02, "1", "distance within which a rule has a name", low=1e-9, high=1)
    n_probes: int = parameter(20, "1", "weights at which rules are compared", low=3)
    n_steps: int = parameter(60, "1", "steps of the paths of rules with a memory", low=3)


SMOKE = {"discounts": (0.0, 300.0), "leaving": (0.1, 3.0), "n_steps": 20}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, plans, a few derivations."""
    return 2.0 + 0.3 * len(parameters.leaving), 150e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Derive what is optimal in every case; the weights at which rules are compared are drawn by `seed`."""
    p = parameters
    probes = np.random.default_rng(seed).normal(size=(p.n_probes, 2))
    cases = [(name, *case) for name, system in SYSTEMS.items() for case in system(p, probes)]
    rules = list(dict.fromkeys(rule for *_, named in cases for rule in named))
    distance = np.full((len(cases), len(rules)), np.nan)
    for i, (system_name, _, optimal, named) in enumerate(cases):
        for rule, change in named.items():
            distance[i, rules.index(rule)] = apart(optimal, change, is_scaled=system_name not in PATHS)
    near = distance < p.tolerance
    names = [rules[int(np.argmax(row))] if row.any() else "no name" for row in near]
    return make_dataset(
        {"distance": (("case", "rule"), distance, "1", "distance of the optimal change from that of a named rule")},
        {
            "case": ("case", np.arange(len(cases)), "1", "index of the case"),
            "system": ("case", [case[0] for case in cases], "1", "what the system is known for"),
            "assumption": ("case", [case[1] for case in cases], "1", "assumption that is varied"),
            "name": ("case", names, "1", "name of the optimal rule"),
            "rule": ("rule", rules, "1", "named rule"),
        },
        title="Optimal rules and their names",
        rule="optimal rules",
        engine="derive, solve, plan",
        references=("vastola_2025",),
        tolerance=p.tolerance,
    )


def apart(optimal: Array, named: Array, is_scaled: bool) -> float:
    """Distance of two changes as a share of the first; `is_scaled`: with the best factor for the second."""
    factor = float(np.sum(optimal * named) / np.sum(named**2)) if is_scaled else 1.0
    return float(np.linalg.norm(optimal - factor * named) / np.linalg.norm(optimal))


def valley(p: Parameters) -> Quadratic:
    """Loss with its minimum at 0."""
    return Quadratic([1.0, p.curvature_ratio], [0.0, 0.0])


def gradient_descent(p: Parameters, probes: Array) -> Iterator[Case]:
    """The horizon 1/γ shrinks, in a metric that is fixed beforehand."""
    from plasticity.solve import solve

    loss = valley(p)
    gradient = loss.gradient(probes)
    limits = {"ballistic rule": -gradient / np.sqrt(loss.hessian_matrix.diagonal()), "gradient descent": -gradient}
    for discount in p.discounts:
        named = limits | {"multi-step rule": multi_step(loss, discount, probes)}
        yield f"γ = {discount:g} /s", solve(Objective(discount), loss).velocity(probes), named


def momentum(p: Parameters, probes: Array) -> Iterator[Case]:
    """The gradient is known through a memory."""
    import sympy as sp

    from plasticity.derive import derive

    loss, start, rate = valley(p), probes[0], 0.05
    for decay in p.decays:
        belief = FadingMemory(decay=decay) if decay else None
        rule = derive(Objective(sp.oo), gradient_belief=belief)
        named = {
            "gradient descent": descend(loss, start, p.n_steps, lambda g, t: rate * g),
            "momentum": descend(loss, start, p.n_steps, averaged(decay, rate)),
        }
        yield f"memory {decay:g} of g", path(rule, loss, start, p.n_steps, rate), named


def natural_gradient(p: Parameters, probes: Array) -> Iterator[Case]:
    """Distances between weights are measured in another metric, that of correlated inputs."""
    import sympy as sp

    from plasticity.solve import solve

    loss = valley(p)
    gradient, other = loss.gradient(probes), np.array([[1.0, 0.8], [0.8, 1.0]])
    for share in p.shares:
        metric = (1 - share) * np.eye(2) + share * other
        named = {"gradient descent": -gradient, "natural gradient": -gradient @ np.linalg.inv(other)}
        yield f"{share:g} of the metric", solve(Objective(sp.oo, metric=metric), loss).velocity(probes), named


def non_gradient(p: Parameters, probes: Array) -> Iterator[Case]:
    """Weights turn by themselves: no symmetric matrix makes the velocity of the gradient."""
    from plasticity.solve import solve

    loss = valley(p)
    for rotation in p.rotations:
        policy = solve(Objective(0.5, drift=rotation * TURN), loss)
        factor = policy.closed_loop @ np.linalg.inv(loss.hessian_matrix)
        named = {
            "gradient in a metric": probes @ ((factor + factor.T) / 2 @ loss.hessian_matrix).T,
            "non-gradient rule": policy.velocity(probes),
        }
        yield f"rotation {rotation:g} rad/s", probes @ policy.closed_loop.T, named


def adam(p: Parameters, probes: Array) -> Iterator[Case]:
    """Long horizon: curvature known, or its stand-in g² through a memory, and the gradient through another one."""
    from plasticity import rules

    loss, start, rate = valley(p), probes[0], 0.05
    steep = np.sqrt(loss.hessian_matrix.diagonal())
    named = {
        "ballistic rule": descend(loss, start, p.n_steps, lambda g, t: rate * g / steep),
        "RMSprop": descend(loss, start, p.n_steps, normalised(0.0, rate, False)),
        "Adam": descend(loss, start, p.n_steps, normalised(0.9, rate, True)),
    }
    yield "curvature known", path(rules.ballistic(), loss, start, p.n_steps, rate), named
    yield (
        "memory of g²",
        path(rules.rmsprop(rate, decay_square=MEMORY, epsilon=EPSILON), loss, start, p.n_steps, 1.0),
        named,
    )
    yield (
        "memories of g and g²",
        path(rules.adam(rate, decay_mean=0.9, decay_square=MEMORY, epsilon=EPSILON), loss, start, p.n_steps, 1.0),
        named,
    )


def resetting(p: Parameters, probes: Array) -> Iterator[Case]:
    """Tasks are replaced by others, whose optima have a mean."""
    from plasticity.solve import solve

    loss, discount, mean = valley(p), 0.5, np.array([1.0, -1.0])
    curvature = loss.hessian_matrix.diagonal()
    for hazard in p.hazards:
        objective = Objective(discount, hazard=hazard, prior_mean=mean)
        yield (
            f"hazard {hazard:g} /s",
            solve(objective, loss).velocity(probes),
            {
                "multi-step rule": multi_step(loss, discount, probes),
                "weight resetting": reset(curvature, discount, hazard, mean, probes),
            },
        )


def leaving(p: Parameters, probes: Array) -> Iterator[Case]:
    """The learner rests in a local minimum and looks ahead as far as 1/γ."""
    from plasticity.plan import plan

    well = DoubleWell()
    local, deeper = well.minima
    named = {"rest in the minimum": local, "leaving the minimum": deeper}
    for discount in p.leaving:
        yield f"γ = {discount:g} /s", plan(Objective(discount), well, local, duration=20.0).theta.values[-1], named


SYSTEMS: dict[str, Callable[[Parameters, Array], Iterator[Case]]] = {
    "gradient descent": gradient_descent,
    "momentum": momentum,
    "natural gradient": natural_gradient,
    "non-gradient rules": non_gradient,
    "Adam": adam,
    "weight resetting": resetting,
    "leaving a minimum": leaving,
}


PATHS = ("momentum", "Adam", "leaving a minimum")  # compared as they are, with the same learning rate


def path(rule: Rule, loss: Quadratic, start: Array, n_steps: int, dt: float) -> Array:
    """Path (n_steps, 2) of a derived rule, from its start on."""
    from plasticity.simulate import simulate as follow

    return np.asarray(follow(rule, loss, start, n_steps, dt).theta.values).reshape(-1, 2)[1:] - start


def multi_step(loss: Quadratic, discount: float, probes: Array) -> Array:
    """Velocities of the rule of a finite horizon, each weight with its own curvature."""
    return -loss.gradient(probes) / (discount / 2 + np.sqrt(discount**2 / 4 + loss.hessian_matrix.diagonal()))


def descend(loss: Quadratic, start: Array, n_steps: int, step: Callable[[Array, int], Array]) -> Array:
    """Path of a loop by hand, w ← w − step(g, t), as `path`."""
    w, points = start, []
    for t in range(1, n_steps + 1):
        w = w - step(loss.gradient(w), t)
        points.append(w - start)
    return np.array(points)


def averaged(decay: float, rate: float, is_corrected: bool = True) -> Callable[[Array, int], Array]:
    """Momentum: a moving average of gradients; `is_corrected` for its start at 0."""
    mean = np.zeros(2)

    def step(gradient: Array, t: int) -> Array:
        nonlocal mean
        mean = decay * mean + (1 - decay) * gradient
        return rate * mean / (1 - decay**t if is_corrected else 1.0)

    return step


def normalised(decay: float, rate: float, is_corrected: bool) -> Callable[[Array, int], Array]:
    """RMSprop (decay 0) and Adam (corrected for the start at 0): the mean gradient over the root of the mean square."""
    mean, square = averaged(decay, 1.0, is_corrected), averaged(MEMORY, 1.0, is_corrected)
    return lambda gradient, t: rate * mean(gradient, t) / (np.sqrt(square(gradient**2, t)) + EPSILON)


def reset(curvature: Array, discount: float, hazard: float, mean: Array, theta: Array) -> Array:
    """Weight resetting by hand: each weight goes at its rate to a mean of the present optimum, 0, and those to come."""
    rate = -discount / 2 + np.sqrt(discount**2 / 4 + curvature)
    return -rate * (theta - hazard * mean / (discount + rate + hazard))
