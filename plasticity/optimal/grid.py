"""Value function on a grid in one to three dimensions, the certificate of every search for optimal paths.

In coordinates φ = Cᵀθ, G/η = CCᵀ, the Hamilton–Jacobi–Bellman equation is

    γV = kL + min_b { |b − f|²/2 + b·∇V } .

Differences against the direction of motion make the scheme monotone, so that it converges to the value function, over
every pass, as the step h → 0 (barles_1991). Each grid is solved by policy iteration (howard_1960), from the
solution of the grid with twice the step. The border cannot be crossed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount, running_cost
from plasticity.optimal.running import RunningCost

Array = NDArray[np.float64]
CELLS = {1: 4096, 2: 320, 3: 64}  # along each axis of the finest grid, by dimension
COARSEST = 10  # cells from which halving begins, at least
SETTLED = 1e-10  # change of V, relative to its range, at which policy iteration ends
BORDER = 1e30  # slope beyond the border


@dataclass(frozen=True, eq=False)
class Grid:
    """Value function V on a grid, extrapolated from two steps h.

    Parameters
    ----------
    box : (2, n) array
        Lower and upper corner of the grid, in θ.
    axes : tuple of arrays
        Coordinates φ along each axis.
    values : array
        V at the nodes, ``2V_{h/2} − V_h``.
    halved : array
        ``V_{h/2}`` at the same nodes.
    cost : RunningCost
    root : (n, n) array
        C of ``φ = Cᵀθ``.
    """

    box: Array
    axes: tuple[Array, ...]
    values: Array
    halved: Array
    cost: RunningCost
    root: Array

    @property
    def error(self) -> float:
        """Median over the nodes of ``|V_{h/2} − V_h|``, relative to the range of V: the error of ``V_{h/2}``."""
        return float(np.median(np.abs(self.values - self.halved)) / np.ptp(self.values))

    def value(self, theta: ArrayLike) -> Array:
        """V (...) at θ (..., n), by linear interpolation."""
        return self._interpolated(self._interpolators[0], theta)

    def velocity(self, theta: ArrayLike) -> Array:
        """Optimal velocity ``θ̇ = f − ηG⁻¹∇V`` (..., n) at θ (..., n)."""
        theta = np.asarray(theta, dtype=float)
        slope = self._interpolated(self._interpolators[1], theta)
        return self.cost.free_velocity(theta) - slope @ np.linalg.inv(self.root)

    def inside(self, theta: ArrayLike) -> bool:
        """Whether all of θ (..., n) lies on the grid."""
        flat = np.asarray(theta, dtype=float) @ self.root
        return all(
            bool(np.all((x >= a[0]) & (x <= a[-1]))) for x, a in zip(np.moveaxis(flat, -1, 0), self.axes, strict=True)
        )

    @cached_property
    def _interpolators(self) -> tuple[Any, Any]:
        """Of V, and of its slopes along all axes."""
        from scipy.interpolate import RegularGridInterpolator

        slopes = np.gradient(self.values, *self.axes)
        slopes = np.stack(slopes if len(self.axes) > 1 else [slopes], axis=-1)
        return RegularGridInterpolator(self.axes, self.values), RegularGridInterpolator(self.axes, slopes)

    def _interpolated(self, function: Any, theta: ArrayLike) -> Array:
        flat = np.asarray(theta, dtype=float) @ self.root
        if not self.inside(theta):
            raise InputError(
                f"theta must lie in the box {self.box.tolist()}, got {np.asarray(theta).tolist()}; use a larger box"
            )
        return function(flat)


def value_on_grid(objective: Objective, landscape: Any, box: ArrayLike, n_cells: int | None = None) -> Grid:
    """Solve the Hamilton–Jacobi–Bellman equation in a box.

    Parameters
    ----------
    objective : Objective
        With a discount > 0, and a constant metric.
    landscape : Landscape
    box : (2, n) array
        Lower and upper corner, n ≤ 3. Optimal paths that leave the box are not seen.
    n_cells : int, optional
        Cells along each axis of the finest grid, a multiple of 2.

    Raises
    ------
    InputError
        If the discount is 0, the metric depends on θ, or there are more than three dimensions.
    """
    box = np.asarray(box, dtype=float)
    if box.ndim != 2 or len(box) != 2 or not np.all(box[1] > box[0]):
        raise InputError(f"box must be a lower and an upper corner, of shape (2, n), got {box.tolist()}")
    n = box.shape[1]
    cost, discount = running_cost(objective, landscape, n), finite_discount(objective, "for a grid")
    if discount <= 0 or callable(cost.metric) or n > max(CELLS):
        raise InputError(
            f"a grid takes a discount > 0, a constant metric and at most {max(CELLS)} dimensions, got "
            f"discount={discount:g}, {n} dimensions; use `plan`"
        )
    root = np.asarray(np.linalg.cholesky(cost.metric_matrix(box[0]) / cost.plasticity), dtype=np.float64)
    corners = np.array(np.meshgrid(*box.T, indexing="ij")).reshape(n, -1).T @ root
    low, high = corners.min(axis=0), corners.max(axis=0)
    finest = n_cells or CELLS[n]
    halvings = max(int(np.log2(finest / COARSEST)), 1)
    sizes = [-(-finest // 2**i) for i in range(halvings, -1, -1)]
    sizes = [sizes[0] * 2**i for i in range(len(sizes))]
    solved: list[tuple[tuple[Array, ...], Array]] = []
    for size in sizes:
        axes = tuple(np.linspace(a, b, size + 1) for a, b in zip(low, high, strict=True))
        solved.append((axes, _solved(cost, discount, axes, root, solved[-1] if solved else None)))
    (axes, coarse), (_, fine) = solved[-2:]
    halved = fine[(slice(None, None, 2),) * n]
    return Grid(box, axes, 2 * halved - coarse, halved, cost, root)


def _solved(cost: RunningCost, discount: float, axes: tuple[Array, ...], root: Array, before: tuple | None) -> Array:
    """V at the nodes of one grid, by policy iteration."""
    from scipy.interpolate import RegularGridInterpolator

    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    theta = nodes @ np.linalg.inv(root)
    loss = cost.loss(theta)
    lowest = loss.min()
    drift = np.broadcast_to(cost.free_velocity(theta) @ root, theta.shape)
    steps = [axis[1] - axis[0] for axis in axes]
    start = (
        (loss - lowest) / discount if before is None else RegularGridInterpolator(*before)(nodes) - lowest / discount
    )
    value = start
    for _ in range(200):
        speed = _best_speed(value, drift, steps)
        paid = loss - lowest + 0.5 * np.sum((speed - drift) ** 2, axis=-1)
        following = _evaluated(speed, paid, discount, steps, value, causal=not cost.drifts)
        change = np.abs(following - value).max()
        value = following
        if change <= SETTLED * np.ptp(value):
            break
    return value + lowest / discount


def _best_speed(value: Array, drift: Array, steps: list[float]) -> Array:
    """Velocity b at every node that minimises ``|b − f|²/2 + b·∇V`` with differences along b."""
    speed = np.zeros_like(drift)
    for i, step in enumerate(steps):
        f = drift[..., i]
        slope = np.diff(value, axis=i) / step
        edge = np.full_like(np.take(slope, [0], axis=i), BORDER)
        ahead, behind = np.concatenate([slope, edge], axis=i), np.concatenate([-edge, slope], axis=i)
        up, down = np.maximum(f - ahead, 0.0), np.minimum(f - behind, 0.0)
        cost_up = 0.5 * (up - f) ** 2 + up * ahead
        cost_down = 0.5 * (down - f) ** 2 + down * behind
        speed[..., i] = np.where(cost_up <= cost_down, up, down)
    return speed


def _evaluated(speed: Array, paid: Array, discount: float, steps: list[float], value: Array, causal: bool) -> Array:
    """V of a policy: ``(γ + Σ|b|/h) V − Σ|b|/h V_neighbour = cost``.

    Without drift motion goes downhill in V: in the order of the V that the policy came from the matrix is triangular.
    """
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    number = paid.size
    index = np.arange(number).reshape(paid.shape)
    order = np.argsort(value, axis=None, kind="stable") if causal else np.arange(number)
    place = np.empty(number, dtype=np.intp)
    place[order] = np.arange(number)
    diagonal, rows, columns, entries = np.full(number, discount), [], [], []
    for i, step in enumerate(steps):
        rate = np.abs(speed[..., i]) / step
        moving = rate > 0
        neighbour = index + (np.sign(speed[..., i]) * (index.strides[i] // index.itemsize)).astype(np.intp)
        diagonal += rate.ravel()
        rows.append(place[index[moving]])
        columns.append(place[neighbour[moving]])
        entries.append(-rate[moving])
    rows.append(place)
    columns.append(place)
    entries.append(diagonal)
    matrix = csc_matrix((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), (number, number))
    factor = splu(matrix, permc_spec="NATURAL" if causal else "COLAMD", diag_pivot_thresh=0.0)
    return factor.solve(paid.ravel()[order])[place].reshape(paid.shape)
