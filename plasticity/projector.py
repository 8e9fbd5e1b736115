"""Projectors of changes of weights onto the directions in which they can be controlled.

Either the directions are named, the columns of B (`Controllability.rank`), or those that are not: sums Cᵀw of weights
that no change touches (`Controllability.conserved`), which take as many numbers per weight as there are sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.feedback import orthonormal
from plasticity.support.streams import stream

Array = NDArray[np.float64]
Mask = NDArray[np.bool_] | None
SUMS = ("incoming", "outgoing", "both")


@dataclass(frozen=True, eq=False)
class Projector:
    """``control @ read``, or ``1 + control @ read``, the projector onto the controllable space in the metric G.

    Parameters
    ----------
    control : (n_weights, m) array
        B: an orthonormal basis of the controllable space; for conserved sums Cᵀw, −G⁻¹C.
    read : (m, n_weights) array
        (BᵀGB)⁻¹BᵀG; for conserved sums (CᵀG⁻¹C)⁻¹Cᵀ.
    is_complement : bool
        Whether it removes directions, those of conserved sums, from the identity.
    """

    control: Array
    read: Array
    is_complement: bool = False


def directions(rank: Any, shape: tuple[int, ...], mask: Mask, seed: int, name: str) -> Array | None:
    """Orthonormal basis of the controllable space of the plastic weights."""
    if rank is None:
        return None
    size = int(np.prod(shape))
    n_directions = rank if isinstance(rank, int) else rank.shape[1]
    plastic = size if mask is None else int(mask.sum())
    if isinstance(rank, int):
        basis = stream(seed, f"{name}/control").standard_normal((size, min(n_directions, size)))
    elif len(rank) != size:
        raise InputError(f"rank has {len(rank)} rows, but there are {size} weights; give it one row per weight")
    else:
        basis = rank
    if n_directions > plastic:
        raise InputError(f"rank is {n_directions}, but only {plastic} weights are plastic; use at most {plastic}")
    if mask is not None:
        basis = basis * mask.reshape(-1, 1)
    independent = np.linalg.matrix_rank(basis)
    if independent < n_directions:
        raise InputError(
            f"control directions are linearly dependent (rank {independent} of {n_directions}); "
            "remove redundant columns"
        )
    return orthonormal(basis)


def conserved_sums(conserved: Any, shape: tuple[int, ...], mask: Mask) -> Array | None:
    """Orthonormal basis (n_weights, m) of the conserved sums, as far as plastic weights have a part in them."""
    if conserved is None:
        return None
    size = int(np.prod(shape))
    if isinstance(conserved, str):
        if len(shape) == 1 and conserved != "incoming":
            raise InputError(
                f"conserved is {conserved!r}, but weights of one neuron have "
                "no sums but the incoming one; use 'incoming'"
            )
        ends = {"incoming": 0, "outgoing": 1}
        index = np.indices(shape if len(shape) > 1 else (1, size)).reshape(2, -1)
        conserved = members(*(index[k] for name, k in ends.items() if conserved in (name, "both")))
    elif len(conserved) != size:
        raise InputError(
            f"conserved has {len(conserved)} rows, but there are {size} weights; give it one row per weight"
        )
    columns = conserved if mask is None else conserved * mask.reshape(-1, 1)
    lengths = np.linalg.norm(columns, axis=0)
    columns = columns[:, lengths > 0] / lengths[lengths > 0]
    products = columns.T @ columns
    if np.array_equal(products, np.diag(np.diag(products))):  # sums without common weights
        return columns
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.ascontiguousarray(basis[:, sizes > 1e-9 * sizes.max(initial=0.0)])


def members(*groups: NDArray[np.integer]) -> Array:
    """One column for every group: 1 for its members, else 0."""
    return np.hstack([(of[:, np.newaxis] == np.unique(of)).astype(float) for of in groups])


def make_projector(control: Array | None, sums: Array | None, metric: ArrayLike | None, mask: Mask) -> Projector | None:
    """Projector onto the directions of control that leave sums as they are."""
    if sums is None or not sums.size:
        return None if control is None else Projector(control, _read(control, metric))
    if control is None:
        removed = _cheapest(sums, metric, mask)
        read = np.asarray(np.linalg.solve(sums.T @ removed, sums.T), dtype=float)
        return Projector(-removed, read, is_complement=True)
    _, sizes, rows = np.linalg.svd(sums.T @ control)
    left = control @ rows[np.sum(sizes > 1e-9) :].T
    if not left.size:
        raise InputError(
            "conserved: no direction of control leaves these sums as they are; raise rank, or leave it out"
        )
    return Projector(left, _read(left, metric))


def _cheapest(sums: Array, metric: ArrayLike | None, mask: Mask) -> Array:
    """G⁻¹C (n_weights, m), within the plastic weights."""
    if metric is None or np.ndim(metric) == 0:
        return sums
    cost = _cost(metric, len(sums))
    if cost.ndim == 1:
        return sums / cost[:, np.newaxis]
    plastic = np.arange(len(sums)) if mask is None else np.flatnonzero(mask)
    cheapest = np.zeros_like(sums)
    cheapest[plastic] = np.linalg.solve(cost[np.ix_(plastic, plastic)], sums[plastic])
    return cheapest


def _cost(metric: ArrayLike, n: int) -> Array:
    cost = np.asarray(metric, dtype=float)
    if cost.shape[0] != n:
        raise InputError(f"metric has shape {cost.shape}, but there are {n} weights")
    return cost


def _read(control: Array, metric: ArrayLike | None) -> Array:
    """(BᵀGB)⁻¹BᵀG (m, n_weights)."""
    if metric is None or np.ndim(metric) == 0:
        return control.T.copy()
    cost = _cost(metric, len(control))
    weighted = control.T * cost if cost.ndim == 1 else control.T @ cost
    return np.asarray(np.linalg.solve(weighted @ control, weighted), dtype=float)
