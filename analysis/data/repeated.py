"""The experiment of a data set with other measured values, such as simulated ones."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError

__all__ = ["rewards_of_choices", "with_measured"]


def with_measured(data: xr.Dataset, value: ArrayLike) -> xr.Dataset:
    """The experiment with other measured values; choices (0 or 1) bring the rewards ``reward_0`` and ``reward_1``.

    Raises
    ------
    InputError
        If the rewards of choices that were not made are unknown.
    """
    data = data.assign(value=data.value.copy(data=np.asarray(value, dtype=float)))
    if data.attrs["kind"] != "choices":
        return data
    reward = np.where(data.value.values == 1, *(rewards_of_choices(data)[::-1]))
    return data.assign_coords(reward=data.reward.copy(data=reward))


def rewards_of_choices(data: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rewards that choice 0 and choice 1 have on every trial.

    Raises
    ------
    InputError
        If they are not stated for every trial.
    """
    if all(name in data.coords and np.isfinite(data[name]).all() for name in ("reward_0", "reward_1")):
        return data.reward_0.values, data.reward_1.values
    raise InputError(
        "the rewards of choices that were not made are unknown, so no learner can be simulated; add the columns "
        "reward_0 and reward_1, what either choice would have had on each trial"
    )
