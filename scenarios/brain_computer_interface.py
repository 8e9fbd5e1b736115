"""Brain-computer interface: how does an optimal learner take a new map to the cursor, within or outside its manifold?

Activity of q neurons lies in a manifold of d factors, z = Λu, and moves a cursor through a decoder. The learner has
one pattern u per target and reduces ½|D z − v|². It cannot leave the manifold: control is partial. One day, the
decoder is perturbed. Within the manifold factors are permuted, which keeps every direction of the cursor as
easy to move as before. Outside it neurons are permuted, and the cursor is driven by what is left of the new decoder
in the manifold: the singular values s of DΛ, with a mean square of d/q. Policies are derived (`plasticity.solve`) for
each day's map; after as much time as a perturbation within takes for 63 % of its error, the old decoder comes back.

Expect: outside is learned more slowly, by d/q at a short horizon and by sqrt(d/q) only at a long one. The
after-effect is larger within the manifold for a short horizon, and larger outside it for a long one, because what is
learned there needs patterns 1/s as large. In monkeys it was larger within (sadtler_2014, one of two animals): that is
evidence against a far-sighted learner that pays nothing for activity.

Result: `strength`(day, direction), s² of maps that permute neurons; `speed`(discount), outside over within;
`learned`, `after_effect`(discount, perturbation); `larger_within`(discount), the share of days.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025, section on controllability); Sadtler et al. 2014 (sadtler_2014).
Assumed: manifolds and decoders are random; the maps of the experiment were chosen for similar difficulty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from plasticity.solve import Policy

Array = NDArray[np.float64]
MAPS = ("within", "outside")


@dataclass(frozen=True)
class Parameters:
    """The recording, and the learner."""

    n_neurons: int = parameter(88, "1", "neurons q", low=4)
    n_factors: int = parameter(10, "1", "dimensions d of the manifold", low=2)
    n_targets: int = parameter(8, "1", "targets on a circle", low=2)
    n_days: int = parameter(60, "1", "days, each with its own maps", low=2)
    discounts: tuple[float, ...] = parameter((0.0, 1.0, 30.0), "1/s", "discounts; ηk is 1/s²", low=0)


SMOKE = {"n_days": 8, "discounts": (0.0, 30.0)}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and two policies per day and discount."""
    return 2.5 + 0.02 * parameters.n_days * len(parameters.discounts), 150e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Draw days, derive the policies, let them learn and return."""
    p, rng = parameters, np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(p.n_targets) / p.n_targets
    targets = np.column_stack([np.cos(angles), np.sin(angles)])
    days = [draw_day(p, rng) for _ in range(p.n_days)]
    strength = np.array([np.linalg.svd(maps["outside"], compute_uv=False) ** 2 for _, maps in days])
    shape = (len(p.discounts), len(MAPS), p.n_days)
    learned, after, speed = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, discount in enumerate(p.discounts):
        time = 1 / rate(discount, 1.0)
        for k, (intuitive, maps) in enumerate(days):
            for j, name in enumerate(MAPS):
                change, policy = learn(discount, intuitive, maps[name], targets, time)
                missed = targets - targets @ intuitive @ maps[name].T
                left = missed - change @ maps[name].T
                learned[i, j, k] = 1 - np.linalg.norm(left) / np.linalg.norm(missed)
                after[i, j, k] = np.linalg.norm(change @ intuitive.T, axis=1).mean()
                speed[i, j, k] = np.sort(policy.rates.real)[-2:].mean()
    return make_dataset(
        {
            "strength": (("day", "direction"), strength, "1", "s² of a map that permutes neurons"),
            "speed": ("discount", speed[:, 1].mean(1) / speed[:, 0].mean(1), "1", "speed outside over speed within"),
            "learned": (("discount", "perturbation"), learned.mean(2), "1", "share of the error that was removed"),
            "after_effect": (
                ("discount", "perturbation"),
                after.mean(2),
                "1",
                "mean miss at return, in distances of targets",
            ),
            "larger_within": ("discount", (after[:, 0] > after[:, 1]).mean(1), "1", "share of days, after-effect"),
        },
        {
            "day": ("day", np.arange(p.n_days), "1", "day"),
            "direction": ("direction", np.arange(2), "1", "direction of the cursor, the easier first"),
            "discount": ("discount", list(p.discounts), "1/s", "discount of the learner"),
            "perturbation": ("perturbation", list(MAPS), "1", "perturbation, within or outside the manifold"),
        },
        title="Maps within and outside the manifold",
        rule="optimal policy",
        engine="solve",
        references=("vastola_2025", "sadtler_2014"),
    )


def draw_day(p: Parameters, rng: np.random.Generator) -> tuple[Array, dict[str, Array]]:
    """Maps (2, d) from factors to the cursor: the intuitive one, and its two perturbations."""
    manifold = np.linalg.qr(rng.standard_normal((p.n_neurons, p.n_factors)))[0]
    intuitive = np.linalg.qr(rng.standard_normal((p.n_factors, 2)))[0].T
    within = intuitive[:, rng.permutation(p.n_factors)]
    outside = (intuitive @ manifold.T)[:, rng.permutation(p.n_neurons)] @ manifold
    return intuitive, {"within": within, "outside": outside}


def learn(discount: float, intuitive: Array, new: Array, targets: Array, time: float) -> tuple[Array, Policy]:
    """Change (n_targets, d) of the patterns after `time`, from those of the intuitive map, and the policy."""
    from plasticity.landscapes import Quadratic
    from plasticity.objective import Objective
    from plasticity.solve import solve

    policy = solve(Objective(discount), Quadratic(new.T @ new, np.zeros(intuitive.shape[1])))
    before = targets @ intuitive  # of the least size that reaches the targets
    best = before + (targets - before @ new.T) @ np.linalg.pinv(new).T
    return policy.path(before - best, [0.0, time])[..., -1, :] - (before - best), policy


def rate(discount: float, strength: float) -> float:
    """Rate at which the error along a direction of the cursor with s² = `strength` falls, ηk = 1."""
    return float(strength / (discount / 2 + np.sqrt(discount**2 / 4 + strength)))
