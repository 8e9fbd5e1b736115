"""What figures of runs of circuits read: projections and populations by their names, and weights as matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.pages.figure_parts import require_datasets
from plasticity.errors import InputError

SIDE = 400  # rows or columns of a matrix that are drawn at most: of larger ones, means of blocks
SPARSE = 0.1  # share of pairs of neurons with a synapse below which single ones would not be seen
FEW = 4  # synapses of a block of a sparse matrix, on average


def one_run(runs: Sequence[xr.Dataset], data: xr.Dataset | None) -> xr.Dataset:
    """The only run of a figure.

    Raises
    ------
    InputError
        If there is none or more than one, or there are measurements.
    """
    require_datasets(runs, data)
    if not runs and data is None:
        raise InputError("there is nothing to draw; give a run of a circuit")
    if data is not None or len(runs) > 1:
        raise InputError(f"this figure draws one run of a circuit, without measurements, got {len(runs)} runs")
    return runs[0]


def named(run: xr.Dataset, prefix: str, dimension: str = "") -> list[str]:
    """Names that follow a prefix in the variables of a run along a dimension, or one that ends in their name.

    Examples
    --------
    >>> run = xr.Dataset({"weight_ee": (("time", "synapse_ee"), np.ones((2, 3))), "weight_mean_ee": ("time", [1, 1])})
    >>> named(run, "weight_", "synapse")
    ['ee']
    """
    names = [str(key).removeprefix(prefix) for key in run.data_vars if str(key).startswith(prefix)]
    return [n for n in names if not dimension or {dimension, f"{dimension}_{n}"} & {*run[f"{prefix}{n}"].dims}]


def require_some(names: Sequence[str], run: xr.Dataset, what: str, remedy: str) -> Sequence[str]:
    """The names, if there are any.

    Raises
    ------
    InputError
        If there is none.
    """
    if not names:
        raise InputError(f"{run.attrs.get('title', 'the run')!r} has no {what}; {remedy}")
    return names


def first_trial(values: xr.DataArray) -> xr.DataArray:
    """Values of the first member of a batch."""
    return values.isel(trial=0) if "trial" in values.dims else values


def matrices(run: xr.Dataset, name: str) -> tuple[list[NDArray[np.float64]], tuple[int, int], tuple[int, int]]:
    """Weights of a projection at the start and at the end, the neurons in a block, and the numbers of neurons.

    The matrices (n_post, n_pre) are NaN where there is no synapse. Of large ones they hold the means over the synapses
    of blocks, and also of sparse ones, so that most blocks have a few.
    """
    post, pre = (run[f"{side}_all_{name}"].values for side in ("post", "pre"))
    size = int(post.max()) + 1, int(pre.max()) + 1
    side = SIDE if post.size > SPARSE * size[0] * size[1] else max(1, int((post.size / FEW) ** 0.5))
    block = -(-size[0] // min(SIDE, side)), -(-size[1] // min(SIDE, side))
    shape = -(-size[0] // block[0]), -(-size[1] // block[1])
    place = np.ravel_multi_index((post // block[0], pre // block[1]), shape)
    count = np.bincount(place, minlength=shape[0] * shape[1])
    both = []
    for when in ("initial", "final"):
        total = np.bincount(place, first_trial(run[f"{when}_weight_{name}"]).values, minlength=count.size)
        both.append(np.where(count, total / np.maximum(count, 1), np.nan).reshape(shape))
    return both, block, size
