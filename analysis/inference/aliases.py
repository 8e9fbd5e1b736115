"""Exact aliases: assumptions that can change together without any change of what a record can show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference.learner import Family

Array = NDArray[np.float64]
STEP = 1e-4  # of differences of fourth order in the coordinates
NULL = 1e-7  # singular value relative to the largest: rounding 1e-16/STEP = 1e-12, truncation STEP⁴ = 1e-16
TAKES_PART = 1e-4  # squared share of a coordinate in the null space


@dataclass(frozen=True, eq=False)
class Structure:
    """What the motion and the noise of a learner can show, before any data.

    Parameters
    ----------
    names : tuple of str
        Coordinates.
    aliased : (d,) array of bool
        Coordinates whose value nothing can show.
    groups : tuple of tuple of str
        Coordinates that change together, one group per alias.
    aliases : tuple of str
        The same in words.
    null : (d, r) array
        Basis of the changes without effect.
    """

    names: tuple[str, ...]
    aliased: NDArray[np.bool_]
    groups: tuple[tuple[str, ...], ...]
    aliases: tuple[str, ...]
    null: Array


def structure(family: Family, u: Array, tasks: Sequence[Any]) -> Structure:
    """Null space of the derivative of (A_cl, rest, noise) by the coordinates, at u (d,)."""
    jacobian = _shown_by(family, u, tasks)
    _, singular, rows = np.linalg.svd(jacobian, full_matrices=True)
    rank = int(np.sum(singular > NULL * singular[0])) if singular.size else 0
    null = rows[rank:].T
    share = null @ null.T
    aliased = np.diag(share) > TAKES_PART
    groups = _connected(share, aliased, family.names)
    words = tuple(_words({re.sub(r"_\d+$", "", name) for name in group}, group, family) for group in groups)
    return Structure(family.names, aliased, groups, words, null)


def _shown_by(family: Family, u: Array, tasks: Sequence[Any]) -> Array:
    """Derivative (observables, d), every kind of observable over its own size."""
    shift = STEP * np.eye(u.size)
    points = np.concatenate([u + shift, u - shift, u + 2 * shift, u - 2 * shift, u[None]])
    closed, offset = family.motion(points, tasks)
    noise = family.diffusion(points)
    read = family.scalar("measurement_noise", points)[:, None]
    columns = []
    for values in (closed, offset, noise, read):
        flat = values.reshape(len(points), -1)
        plus, minus, far, near = (flat[i * u.size : (i + 1) * u.size] for i in range(4))
        slope = (8 * (plus - minus) - (far - near)) / (12 * STEP)
        columns.append(slope / (np.abs(flat[-1]).max() + 1e-300))
    return np.nan_to_num(np.concatenate(columns, axis=1).T)


def _connected(share: Array, aliased: NDArray[np.bool_], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of coordinates that the null space couples."""
    left, groups = set(np.flatnonzero(aliased).tolist()), []
    while left:
        group, frontier = set(), {min(left)}
        while frontier:
            group |= frontier
            near = {int(j) for i in frontier for j in np.flatnonzero(np.abs(share[i]) > TAKES_PART)}
            frontier = (near & left) - group
        left -= group
        groups.append(tuple(names[i] for i in sorted(group)))
    return tuple(groups)


def _words(kinds: set[str], group: Sequence[str], family: Family) -> str:
    """An alias in words, with what would break it."""
    if "control" in kinds:
        more = " and G" if "metric" in kinds else ""
        return f"B{more} only as BG⁻¹Bᵀ: the same reach with other controls; ask for a full metric instead"
    if "drift_matrix" in kinds:
        return (
            f"{', '.join(group)} change together: with the loss another drift f goes with another control; "
            "f shows in trials without loss, θ̇ = f(θ)"
        )
    scale = [f"{symbol} ({name})" for name, symbol in (("plasticity", "η"), ("loss_weight", "k")) if name in kinds]
    if scale and "discount" not in kinds:
        rest = ["G (metric)"] if "metric" in kinds else []
        return f"{', '.join([*scale, *rest])} only as ηk/G: the scale of the cost has no effect on behaviour"
    if {"discount", "metric"} <= kinds and "hazard" not in kinds and "drift" not in kinds:
        why = {
            "isotropic": "one curvature: another γ goes with another ηk/G; γ needs two curvatures in one task",
            "diagonal": "a curvature without coupling: another γ goes with another diagonal G; γ needs a task that "
            "couples directions, or the same task at another level of the loss",
            "full": "one task: for every γ another G gives the same motion; γ needs the same task at another level "
            "of the loss",
        }[family.metric]
        noise = "" if "process_strength" in kinds else "; or noise that is constant in the metric"
        return f"γ and G (discount, metric) change together with {why}{noise}"
    if "loss_level" in kinds:
        return f"{', '.join(group)} change together: an unknown level of the loss needs two directions at both levels"
    if "hazard" in kinds:
        return (
            f"{', '.join(group)} change together: the rest point gives λ only where γ is known, "
            "λ = (γ + R)(1 − W)/W; a decay and a hazard differ in trials without loss"
        )
    return f"{group[0]} has no effect" if len(group) == 1 else f"{', '.join(group)} change together without effect"
