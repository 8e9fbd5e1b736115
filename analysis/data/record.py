"""One record for measured plasticity: what was done to a synapse, what became of it, how sure that is.

A data set is a Dataset with the dimension ``protocol``. ``value`` is the measured quantity, ``sem`` the
standard error of its mean, ``n`` the number of cells or pairs (NaN where unknown). The attribute ``kind``
says what predicts the value (`analysis.data.kinds`); for ``"spikes"`` it is the spike times ``pre_time`` and
``post_time``. Attributes say where the numbers come from: ``data`` (its name), ``citation``, ``doi``, ``figure``,
``rights``, ``provenance``. Where a standard error was not published it is NaN, and the attribute ``sem_missing``
says why; see `analysis.data.missing_errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.data.checks import SIDES, SOURCE_ATTRIBUTES, check_dataset, trimmed
from analysis.data.kinds import KINDS
from plasticity.dataset import make_dataset
from plasticity.errors import InputError

__all__ = ["SOURCE_ATTRIBUTES", "check_dataset", "make_data", "make_spike_data", "spike_trains"]


def make_spike_data(
    protocols: Sequence[str],
    trains: Sequence[tuple[ArrayLike, ArrayLike]],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    *,
    name: str,
    title: str,
    coordinates: Mapping[str, ArrayLike | tuple[ArrayLike, str, str]] | None = None,
    scenario: str = "",
    references: tuple[str, ...] = (),
    **source: Any,
) -> xr.Dataset:
    """Build a data set of kind ``spikes``: fractional weight changes after given pre and post spike trains.

    Parameters
    ----------
    protocols : sequence of str
        Name of each protocol.
    trains : sequence of (pre, post)
        Spike times of each protocol [s].
    value, sem, n : (n_protocols,) arrays
        Fractional weight change [1], its standard error [1], number of cells or pairs (NaN: unknown).
    name : str
        Name in the catalogue or path of a file, with which `analysis.datasets.load` finds the data again.
    title : str
        The data set in one line.
    coordinates : mapping of str to values, or to (values, units, long_name) for labels that the kind does not know
        Further labels of the protocols, such as interval and frequency.
    scenario : str
        Name of the scenario that simulates the protocols, if there is one; also chooses the figure.
    references : tuple of str
        Keys in references.toml.
    **source
        The attributes `citation`, `doi`, `figure`, `rights`, `provenance`, and any further ones.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If the data violate the contract (see `check_dataset`).

    Examples
    --------
    >>> data = make_spike_data(["once"], [([0.0], [0.01])], [0.2], [0.1], [5], name="", title="one pair",
    ...                        citation="", doi="", figure="", rights="", provenance="made up")
    >>> float(data.post_time[0, 0])
    0.01
    """
    spikes = {}
    for side, times in zip(SIDES, zip(*trains, strict=True), strict=True):
        meaning = f"times of the {side}synaptic spikes, padded with NaN at the end"
        spikes[f"{side}_time"] = (("protocol", f"{side}_spike"), _padded(times), "s", meaning)
    return _checked(
        "spikes",
        {**_measured("spikes", value, sem, n), **spikes},
        _labelled("spikes", protocols, coordinates or {}),
        name=name,
        title=title,
        scenario=scenario,
        references=references,
        **source,
    )


def make_data(
    kind: str,
    protocols: Sequence[str],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    labels: Mapping[str, ArrayLike | tuple[ArrayLike, str, str]],
    *,
    name: str,
    title: str,
    scenario: str = "",
    references: tuple[str, ...] = (),
    **source: Any,
) -> xr.Dataset:
    """Build a data set of any kind but ``spikes``, for which see `make_spike_data`.

    Parameters
    ----------
    kind : str
        One of `analysis.data.kinds.KINDS`, which says what unit the values have and which labels are needed.
    protocols : sequence of str
        Name of each measurement.
    value, sem, n : (n_protocols,) arrays
        Value and its standard error in the unit of the kind, number of cells, pairs or people (NaN: unknown).
    labels : mapping of str to values, or to (values, units, long_name) for labels that the kind does not know
        Coordinates along ``protocol``.
    name, title, scenario, references, **source
        As in `make_spike_data`.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If the data violate the contract (see `check_dataset`).

    Examples
    --------
    >>> data = make_data("frequency", ["low", "high"], [-0.1, 0.2], [0.05, 0.05], [6, 6], {"frequency": [1, 100]},
    ...                  name="", title="two rates", citation="", doi="", figure="", rights="", provenance="made up")
    >>> data.frequency.attrs["units"]
    'Hz'
    """
    if kind not in KINDS or kind == "spikes":
        raise InputError(f"kind must be one of {', '.join(k for k in KINDS if k != 'spikes')}, got {kind!r}")
    return _checked(
        kind,
        _measured(kind, value, sem, n),
        _labelled(kind, protocols, labels),
        name=name,
        title=title,
        scenario=scenario,
        references=references,
        **source,
    )


def _measured(kind: str, value: ArrayLike, sem: ArrayLike, n: ArrayLike) -> dict[str, tuple]:
    """Variables that every kind has."""
    units, long_name = KINDS[kind].units, KINDS[kind].long_name
    return {
        "value": ("protocol", np.asarray(value, float), units, long_name),
        "sem": ("protocol", np.asarray(sem, float), units, "standard error of the mean"),
        "n": ("protocol", np.asarray(n, float), "1", "number of measurements in the mean (NaN: unknown)"),
    }


def _labelled(kind: str, protocols: Sequence[str], labels: Mapping[str, Any]) -> dict[str, tuple]:
    """Coordinates along ``protocol``; the kind knows the units of its own labels."""
    known = {label.name: label for label in KINDS[kind].labels}
    found = {"protocol": ("protocol", np.asarray(protocols, dtype=str), "1", "name")}
    for name, given in labels.items():
        label = known.get(name)
        if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], str):
            values, units, long_name = given
        elif label is not None:
            values, units, long_name = given, label.units, label.long_name
        else:
            raise InputError(
                f"label {name!r} has no units; give it as (values, units, long_name), or use one of "
                f"{', '.join(known)}, whose units are known"
            )
        as_type = str if label is not None and label.is_text else float
        found[name] = ("protocol", np.asarray(values, as_type), units, long_name)
    return found


def _checked(
    kind: str, variables: dict[str, tuple], labels: dict[str, tuple], *, name: str, **about: Any
) -> xr.Dataset:
    data = make_dataset(variables, labels, engine="experiment", data=name, kind=kind, **about)
    check_dataset(data)
    return data


def spike_trains(data: xr.Dataset) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Pre and post spike times of each protocol [s], without the padding.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> pre, post = spike_trains(load("sjostrom_2001"))
    >>> len(pre), pre[0].size
    (10, 60)
    """
    pre, post = ([trimmed(row) for row in data[f"{side}_time"].values] for side in SIDES)
    return pre, post


def _padded(trains: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Trains of unequal length as one array, filled up with NaN."""
    arrays = [np.asarray(t, float) for t in trains]
    padded = np.full((len(arrays), max((a.size for a in arrays), default=0)), np.nan)
    for row, train in zip(padded, arrays, strict=True):
        row[: train.size] = train
    return padded
