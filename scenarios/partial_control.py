"""Partial control: what does a network learn that can move its weights along few directions only, while they decay?

A cue drives n linear neurons through n plastic weights. The weights move along m directions only (one controller for
many synapses) and decay when left alone. The target activity lies inside the controllable space, at an angle to it, or
outside. This is the logic of Sadtler et al. 2014: monkeys learned to move a cursor by patterns of activity inside the
space that the neurons normally explore, and less well by patterns outside.

Three learners control the weights, with a long horizon, a finite one, and a short one. Each is a derived rule of one
synapse that knows its gradient (error of the neuron times rate of the cue), its curvature and its decay; the network
projects the changes demanded by the synapses onto the controllable space. Because the loss is the same in all
directions of these weights, this is the optimal policy of the whole network: `plasticity.solve` with the control matrix
B gives the rest point and the rates that the network should show.

Expect: the part of the target inside the controllable space is learned up to a factor h/(h + j(j + γ)/ηk), at one rate
for all inside directions; what lies outside keeps decaying, however long the learner looks ahead. Targets at random are
reached to the fraction m/n. A longer horizon holds on more strongly against decay.

Result: `theta`(trial, time, rule, target, parameter); `loss` of the same, relative to the start; `rest_point` and
`predicted_loss` by solve; `rate` measured and `predicted_rate`; `rank_loss`(trial, rank) at rest for targets at random,
with `predicted_rank_loss`. Trials differ in the targets and in the noise of the feedback. Source: Vastola, Gershman &
Rajan 2025 (vastola_2025); Sadtler et al. 2014 (sadtler_2014), Golub et al. 2018 (golub_2018).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.policy import Policy
from plasticity.support.exponential import fit_exponential
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from plasticity.rule import Rule

SHORT = 1e6  # discount [1/s] at which solve stands for the limit of a short horizon
HORIZONS = {"long": "long horizon (γ → 0)", "finite": "finite horizon", "short": "short horizon (γ → ∞)"}


@dataclass(frozen=True)
class Parameters:
    """The objective of the learner, the network, and the targets."""

    discount: float = parameter(2.0, "1/s", "temporal discounting γ of the learner with a finite horizon", low=1e-6)
    plasticity: float = parameter(1.0, "1/s^2", "how cheap change is, η", low=1e-9)
    loss_weight: float = parameter(1.0, "1", "weight k of the loss against the cost of change", low=1e-9)
    curvature: float = parameter(4.0, "1", "curvature h of the loss: the squared rate of the cue", low=1e-9)
    decay: float = parameter(0.5, "1/s", "rate j at which weights decay to 0 when left alone", low=0)
    n_neurons: int = parameter(10, "1", "neurons, one weight each", low=2)
    rank: int = parameter(4, "1", "directions m in which the weights can be moved", low=1)
    angles: tuple[float, ...] = parameter(
        (0.0, 45.0, 90.0), "degree", "angles of the targets to the controllable space", low=0.0, high=90.0
    )
    noise: float = parameter(0.05, "Hz.sqrt(s)", "intensity of the noise in the fed-back error of each neuron", low=0)
    n_trials: int = parameter(12, "1", "trials with other targets and other noise", low=1)
    duration: float = parameter(6.0, "s", "length of a run", low=1e-3)
    dt: float = parameter(0.005, "s", "time step", low=1e-6)
    record_every: float = parameter(0.1, "s", "interval of records", low=1e-6)


SMOKE = {"n_neurons": 4, "rank": 2, "n_trials": 2, "duration": 1.0, "dt": 0.02}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, every step of every member, the records."""
    p = parameters
    n_members = p.n_trials * (len(HORIZONS) * len(p.angles) + p.n_neurons)
    seconds = 1.5 + n_members * p.duration / p.dt * (1.9e-6 + 6.4e-8 * p.n_neurons)
    return seconds, 235e6 + 12 * n_members * p.n_neurons * p.duration / p.record_every


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run the network for every rule and target, and with every rank for targets at random; no `device` matters."""
    from plasticity.feedback import orthonormal
    from plasticity.support.streams import stream

    p = parameters
    if p.rank >= p.n_neurons:
        raise InputError(f"rank is {p.rank}; it must be < n_neurons, which is {p.n_neurons}: nothing would be outside")
    if p.duration < 2 * p.record_every:
        raise InputError(
            f"record_every is {p.record_every:g} s; a rate takes three records, so it must be <= duration/2, "
            f"which is {p.duration / 2:g} s"
        )
    whole = stream(seed, "directions").standard_normal((p.n_neurons, p.n_neurons))
    basis = np.linalg.qr(whole)[0]
    control = orthonormal(basis[:, : p.rank])
    targets = np.stack([_targets(p, control, stream(seed, "targets", trial)) for trial in range(p.n_trials)])
    policies = {name: _policy(objective, p, control) for name, objective in _objectives(p).items()}
    runs = [_run(p, rule, basis[:, : p.rank], targets, seed) for rule in _rules(p).values()]
    paths = np.stack([path for _, path in runs], axis=2)  # (trial, time, rule, target, parameter)
    random = np.stack([stream(seed, "random targets", t).standard_normal((1, p.n_neurons)) for t in range(p.n_trials)])
    random /= np.linalg.norm(random, axis=-1, keepdims=True)
    ranks = np.arange(1, p.n_neurons + 1)
    by_rank = [_run(p, _rules(p)["finite"], basis[:, :m], random, seed)[1][:, -1, 0] for m in ranks]
    return _dataset(p, runs[0][0], paths, targets, control, policies, (ranks, np.stack(by_rank, axis=1), random, basis))


def _targets(p: Parameters, control: NDArray, random: np.random.Generator) -> NDArray:
    """Optimal weights (n_targets, n_neurons) of length 1 at every angle to the controllable space."""
    drawn = random.standard_normal((2, p.n_neurons))
    inside = control @ (control.T @ drawn[0])
    outside = drawn[1] - control @ (control.T @ drawn[1])
    inside, outside = inside / np.linalg.norm(inside), outside / np.linalg.norm(outside)
    angles = np.deg2rad(np.array(p.angles))
    return np.cos(angles)[:, None] * inside + np.sin(angles)[:, None] * outside


def _objectives(p: Parameters) -> dict[str, Objective]:
    """What each learner minimises, without the limits of its control."""
    fast = p.plasticity * p.loss_weight / p.discount  # ηk/γ, the learning rate, constant as γ → ∞
    return {
        "long": Objective(0.0, p.plasticity, p.loss_weight, drift=-p.decay),
        "finite": Objective(p.discount, p.plasticity, p.loss_weight, drift=-p.decay),
        "short": Objective(SHORT, fast * SHORT / p.loss_weight, p.loss_weight, drift=-p.decay),
    }


def _rules(p: Parameters) -> dict[str, Rule]:
    """Derived rule of a synapse for each learner: what it does beside the drift, which the network adds."""
    import sympy as sp

    from plasticity.derive import derive
    from plasticity.rule import WEIGHT

    rules = {}
    for name, objective in _objectives(p).items():
        if name == "short":
            rate = p.plasticity * p.loss_weight / p.discount
            objective = replace(objective, discount=sp.oo, plasticity=rate, loss_weight=1.0)
        rule = derive(objective)
        drift = next(q.symbol for q in rule.parameters if q.name == "drift")
        pushed = rule.weight_flow - drift * WEIGHT
        used = pushed.free_symbols
        parameters = tuple(q for q in rule.parameters if q.symbol in used)
        rules[name] = replace(rule, name=name, title=HORIZONS[name], weight_flow=pushed, parameters=parameters)
    return rules


def _policy(objective: Objective, p: Parameters, control: NDArray) -> Policy:
    """Optimal policy of the whole network for a target along the first direction of control; others are like it."""
    from plasticity.solve import solve

    return solve(replace(objective, control=control), Quadratic(p.curvature, control[:, 0]))


def _run(p: Parameters, rule: Rule, directions: NDArray, targets: NDArray, seed: int) -> tuple[NDArray, NDArray]:
    """Times, and weights (n_trials, n_times, n_targets, n_neurons), of networks that start at 0.

    Every target is a pattern of its own, one per member of the batch.
    """
    from circuits import load, run
    from plasticity.controllability import Controllability
    from plasticity.feedback import FeedbackChannel
    from scenarios.support.linear_network import seen_exactly

    n_trials, n_targets, n = targets.shape
    cue = np.sqrt(p.curvature)
    circuit = load("feedforward_rate")(
        (1, n),
        seen_exactly(rule),
        patterns=np.full((n_trials * n_targets, 1), cue),
        targets=cue * targets.reshape(-1, n),
        order=np.arange(n_trials * n_targets)[:, None],
        weights=[np.zeros((n, 1))],
        output="linear",
        n_batch=n_trials * n_targets,
        trials=np.repeat(np.arange(n_trials), n_targets),
    )
    ran = run(
        circuit,
        p.duration,
        dt=p.dt,
        seed=seed,
        record_every=p.record_every,
        n_tracked=n,
        feedback=FeedbackChannel(noise=p.noise),
        controllability=Controllability(rank=directions, drift=-p.decay),
    )
    weights = ran.weights["layer_1"].reshape(n_trials, n_targets, ran.times.size, n)
    return ran.times, np.swapaxes(weights, 1, 2)


def _dataset(
    p: Parameters, times: NDArray, paths: NDArray, targets: NDArray, control: NDArray, policies: dict, ranked: tuple
) -> xr.Dataset:

    ranks, by_rank, random, basis = ranked
    projector = control @ control.T
    gain = np.array([_rest_fraction(policy) for policy in policies.values()])
    inside = targets @ projector
    rest = gain[None, :, None, None] * inside[:, None]  # (trial, rule, target, parameter)
    far = (inside**2).sum(-1).mean(0) > 0.25  # targets that the network moves towards far enough to measure
    left = np.einsum("tnrgp,tgp->nrg", gain[:, None, None] * inside[:, None, None] - paths @ projector, inside)
    rate = fit_exponential(times, left[:, :, far], rest=0.0).rate.mean(axis=-1)
    predicted = [float(policy.rates.max()) for policy in policies.values()]
    random_rest = gain[1] * np.einsum("tn,nk,mk,pk->tmp", random[:, 0], basis, _first(ranks), basis)
    along, at_rest = ("trial", "time", "rule", "target"), ("trial", "rule", "target")
    return make_dataset(
        {
            "theta": ((*along, "parameter"), paths, "1", "weights"),
            "loss": (along, _loss(paths, targets[:, None, None]), "1", "loss relative to the start"),
            "rest_point": ((*at_rest, "parameter"), rest, "1", "rest point of the optimal policy"),
            "predicted_loss": (at_rest, _loss(rest, targets[:, None]), "1", "its loss relative to the start"),
            "optimum": (("trial", "target", "parameter"), targets, "1", "weights of least loss"),
            "rate": ("rule", rate, "1/s", "rate of learning in the controllable space, measured"),
            "predicted_rate": ("rule", predicted, "1/s", "the same by the optimal policy"),
            "rank_loss": (("trial", "rank"), _loss(by_rank, random), "1", "loss at the end, targets at random"),
            "predicted_rank_loss": (
                ("trial", "rank"),
                _loss(random_rest, random),
                "1",
                "the same at the rest point of the optimal policy",
            ),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "trial"),
            "time": ("time", times, "s", "time"),
            "rule": ("rule", list(policies), "1", "learner"),
            "rule_title": ("rule", [HORIZONS[name] for name in policies], "1", "learner in words"),
            "target": ("target", list(p.angles), "degree", "angle of the target to the controllable space"),
            "rank": ("rank", ranks, "1", "directions in which the weights can be moved"),
            "parameter": ("parameter", np.arange(p.n_neurons), "1", "neuron"),
        },
        title="Learning with few controllers: targets inside and outside the controllable space",
        rule=" ".join(policies),
        engine="rate numba",
        references=("vastola_2025", "sadtler_2014", "golub_2018", "rumelhart_1986"),
        n_controlled=p.rank,
    )


def _rest_fraction(policy: Policy) -> float:
    """Fraction of the inside part of a target at which the optimal policy rests, after a start at 0."""
    optimum = policy.landscape.optimum
    if policy.rates.min() > 1e-9:
        return float(policy.rest_point @ optimum)
    settled = policy.trajectory(0.0 * optimum, [0.0, 60.0 / float(policy.rates.max())])  # the rest stands still
    return float(settled.theta.values.reshape(-1, optimum.size)[-1] @ optimum)


def _first(ranks: NDArray) -> NDArray:
    """Row m has ones for the first m directions."""
    return (np.arange(ranks.size) < ranks[:, None]).astype(float)


def _loss(weights: NDArray, optimum: NDArray) -> Any:
    return ((weights - optimum) ** 2).sum(-1) / (optimum**2).sum(-1)
