"""Data sets of measured plasticity: protocols, values, standard errors, and pooled errors where none were published.

A data set is a Dataset with the dimension ``protocol``. ``value`` is the measured quantity, ``sem`` the
standard error of its mean, ``n`` the number of cells or pairs (NaN where unknown). The attribute ``kind``
determines what predicts the value (`analysis.data.kinds`); for ``"spikes"`` it is the spike times ``pre_time`` and
``post_time``. Attributes state the source of the numbers: ``data`` (its name), ``citation``, ``doi``, ``figure``,
``rights``, ``provenance``. Where a standard error was not published it is NaN, and the attribute ``sem_missing``
says why. No error is invented for a single point: `without_missing_errors` leaves such points out, and
`with_pooled_errors` estimates one for all points of a group that lack their own and records that in ``sem_pooled``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.data.check import check_dataset
from analysis.data.kinds import KINDS
from analysis.data.spikes import SIDES, THIRD, spike_trains
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.checks import warn_of_gap
from plasticity.support.units import own_unit

__all__ = [
    "make_data",
    "make_spike_data",
    "neighbour_scatter",
    "padded",
    "spike_trains",
    "with_pooled_errors",
    "without_missing_errors",
]


Labels = Mapping[str, Any]  # values, or (values, units, long_name)


def make_spike_data(
    protocols: Sequence[str],
    trains: Sequence[tuple[ArrayLike, ArrayLike]],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    *,
    coordinates: Labels | None = None,
    third_factor: Sequence[ArrayLike] | None = None,
    **about: Any,
) -> xr.Dataset:
    """Build a data set of kind ``spikes``: fractional weight changes after pre and post spike trains.

    Parameters
    ----------
    trains : sequence of (pre, post)
        Spike times of each protocol [s].
    coordinates : mapping
        Further labels of the protocols, such as interval, frequency and initial weight; see `labels` of `make_data`.
    third_factor : sequence of arrays, optional
        Times of the events of a third factor, such as reward, of each protocol [s].
    protocols, value, sem, n, **about
        See `make_data`.

    Examples
    --------
    >>> data = make_spike_data(["once"], [([0.0], [0.01])], [0.2], [0.1], [5], name="", title="one pair",
    ...                        citation="", doi="", figure="", rights="", provenance="made up")
    >>> float(data.post_time[0, 0])
    0.01
    """
    spikes = {}
    # Where both neurons fire, the interval between them tells milliseconds from pairs at a low frequency.
    alone = [t for pair in trains if not all(map(np.size, pair)) for t in pair]
    plain = [np.asarray(t, float) for t in alone if np.size(t) > 1 and own_unit(t) is None]
    if plain:  # protocols at low frequencies beside others are usual
        warn_of_gap("a typical protocol", sorted(plain, key=lambda t: np.median(np.diff(t)))[len(plain) // 2])
    for side, times in zip(SIDES, zip(*trains, strict=True), strict=True):
        meaning = f"times of the {side}synaptic spikes, padded with NaN at the end"
        spikes[f"{side}_time"] = (("protocol", f"{side}_spike"), padded(times), "s", meaning)
    if third_factor is not None and any(np.size(times) for times in third_factor):
        meaning = "times of the third factor, padded with NaN at the end"
        spikes[f"{THIRD}_time"] = (("protocol", f"{THIRD}_event"), padded(third_factor), "s", meaning)
    return _build("spikes", protocols, value, sem, n, coordinates or {}, spikes, **about)


def make_data(
    kind: str,
    protocols: Sequence[str],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    labels: Labels,
    **about: Any,
) -> xr.Dataset:
    """Build a data set of any kind but ``spikes``, for which see `make_spike_data`.

    Parameters
    ----------
    kind : str
        One of `analysis.data.kinds.KINDS`, which defines the unit of the values and the labels that are required.
    protocols : sequence of str
        Name of each measurement.
    value, sem, n : (n_protocols,) arrays
        Value and its standard error in the unit of the kind, number of cells, pairs or people (NaN: unknown).
    labels : mapping of str to values, or to (values, units, long_name) for labels that the kind does not define
        Coordinates along ``protocol``.
    **about
        `name` (in the catalogue, or path of a file, by which `analysis.datasets.load` loads the data) and `title` (one
        line); optional: `scenario` (name of the scenario that simulates the protocols, which also chooses the figure)
        and `references` (keys in references.toml); `citation`, `doi`, `figure`, `rights`, `provenance`, and any
        further attributes.

    Raises
    ------
    InputError
        If the data violate the contract (see `analysis.check_dataset`).

    Examples
    --------
    >>> data = make_data("frequency", ["low", "high"], [-0.1, 0.2], [0.05, 0.05], [6, 6], {"frequency": [1, 100]},
    ...                  name="", title="two rates", citation="", doi="", figure="", rights="", provenance="made up")
    >>> data.frequency.attrs["units"]
    'Hz'
    """
    if kind not in KINDS or kind == "spikes":
        raise InputError(f"kind must be one of {', '.join(k for k in KINDS if k != 'spikes')}, got {kind!r}")
    return _build(kind, protocols, value, sem, n, labels, {}, **about)


def _build(
    kind: str,
    protocols: Sequence[str],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    labels: Labels,
    further: dict[str, tuple],
    *,
    name: str,
    **about: Any,
) -> xr.Dataset:
    units, long_name = KINDS[kind].units, KINDS[kind].long_name
    variables = {
        "value": ("protocol", np.asarray(value, float), units, long_name),
        "sem": ("protocol", np.asarray(sem, float), units, "standard error of the mean"),
        "n": ("protocol", np.asarray(n, float), "1", "number of measurements in the mean (NaN: unknown)"),
    }
    coordinates = {"protocol": ("protocol", np.asarray(protocols, dtype=str), "1", "name"), **_labels(kind, labels)}
    data = make_dataset(variables | further, coordinates, engine="experiment", data=name, kind=kind, **about)
    check_dataset(data)
    return data


def _labels(kind: str, labels: Labels) -> dict[str, tuple]:
    """Coordinates along ``protocol``; the kind defines the units of its own labels."""
    known = {label.name: label for label in KINDS[kind].labels}
    coordinates = {}
    for name, content in labels.items():
        label = known.get(name)
        if isinstance(content, tuple) and len(content) == 3 and isinstance(content[1], str):
            values, units, long_name = content
        elif label is not None:
            values, units, long_name = content, label.units, label.long_name
        else:
            raise InputError(
                f"label {name!r} has no units; give it as (values, units, long_name), or use one of "
                f"{', '.join(known)}, whose units are known"
            )
        is_text = label.is_text if label is not None else np.asarray(values).dtype.kind not in "fiub"
        as_type = str if is_text else float
        coordinates[name] = ("protocol", np.asarray(values, as_type), units, long_name)
    return coordinates


def padded(trains: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Trains of unequal length as one array, filled up with NaN."""
    arrays = [np.asarray(t, float) for t in trains]
    padded = np.full((len(arrays), max((a.size for a in arrays), default=0)), np.nan)
    for row, train in zip(padded, arrays, strict=True):
        row[: train.size] = train
    return padded


def with_pooled_errors(data: xr.Dataset) -> xr.Dataset:
    """Replace missing standard errors by one that is pooled over the group.

    Where the group (coordinate ``group``; without it all protocols) has errors of its own: their root mean square.
    Where it has none: the scatter of neighbours, see `neighbour_scatter`, in the order of the first numerical label
    of the kind, such as the interval. That is the standard deviation of one point, which fits data with n = 1.

    Parameters
    ----------
    data : xarray.Dataset

    Returns
    -------
    xarray.Dataset
        The same object if nothing is missing. The attribute ``sem_pooled`` lists the pooled errors.

    Raises
    ------
    InputError
        If a group has no error and fewer than three points, so that nothing can be pooled, or the protocols are
        different quantities (kinds ``quantities`` and ``distribution``).

    Examples
    --------
    >>> from analysis.datasets import load
    >>> pooled = with_pooled_errors(load("bi_poo_1998"))
    >>> [round(float(s), 2) for s in np.unique(pooled.sem)]  # [fraction] post first, pre first
    [0.24, 0.3]

    References
    ----------
    rice_1984 (scatter of neighbours)
    """
    sem = data.sem.values.astype(float)
    if not np.isnan(sem).any():
        return data
    if data.attrs["kind"] in ("quantities", "distribution"):
        raise InputError(f"errors of different quantities cannot be pooled (kind {data.attrs['kind']!r})")
    groups = data.group.values.astype(str) if "group" in data.coords else np.full(sem.size, "")
    filled, notes = sem.copy(), []
    for group in dict.fromkeys(groups.tolist()):
        members = np.flatnonzero(groups == group)
        missing = members[np.isnan(sem[members])]
        if missing.size:
            pooled, method = _pooled(data, group, members)
            filled[missing] = pooled
            units = data.sem.attrs["units"]
            notes.append(
                f"{missing.size} of {members.size} points{f' of {group}' if group else ''}: "
                f"{pooled:.3g}{'' if units == '1' else ' ' + units} ({method})"
            )
    completed = data.assign(sem=("protocol", filled, data.sem.attrs)).assign_attrs(sem_pooled="; ".join(notes))
    check_dataset(completed)
    return completed


def without_missing_errors(data: xr.Dataset) -> xr.Dataset:
    """Data set without the protocols that have no standard error.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> data = load("kirkwood_1996")
    >>> data.sizes["protocol"], without_missing_errors(data).sizes["protocol"]
    (11, 8)
    """
    return data.isel(protocol=np.flatnonzero(~np.isnan(data.sem.values)))


def neighbour_scatter(values: ArrayLike) -> float:
    """Standard deviation of noise on a smooth curve, ``sqrt(mean((y_{i+1} − y_i)²)/2)``; no curve is fitted.

    A slope of the curve adds to it, so it is on the large side.

    Parameters
    ----------
    values : (n,) array
        In the order of the abscissa, n > 1.

    Examples
    --------
    >>> neighbour_scatter([0.0, 1.0, 0.0, 1.0])
    0.7071067811865476

    References
    ----------
    rice_1984
    """
    return float(np.sqrt(np.mean(np.diff(np.asarray(values, float)) ** 2) / 2))


def _pooled(data: xr.Dataset, group: str, members: NDArray[np.intp]) -> tuple[float, str]:
    """Pooled error for the members of a group without their own, and the method."""
    known = data.sem.values[members]
    known = known[~np.isnan(known)]
    if known.size:
        return float(np.sqrt(np.mean(known**2))), "root mean square of the published ones"
    if members.size < 3:
        raise InputError(
            f"the group {group!r} has {members.size} points and no standard error, so none can be pooled; "
            "leave it out with analysis.data.record.without_missing_errors"
        )
    labels = [label.name for label in KINDS[data.attrs["kind"]].labels if not label.is_text]
    along = next((name for name in labels if name in data.coords), None)
    order = np.arange(members.size) if along is None else np.argsort(data[along].values[members], kind="stable")
    scatter = neighbour_scatter(data.value.values[members][order])
    if scatter == 0:
        raise InputError(f"the values of group {group!r} do not scatter, so no error can be pooled")
    return scatter, f"scatter of neighbours along {along or 'the rows'}"
