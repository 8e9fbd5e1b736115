"""What to do where a standard error was not published: leave the point out, or pool an error over its group.

No error is invented for a single point. A pooled one is the same for every point of a group that lacks its own,
and the data set says so in the attribute ``sem_pooled``.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.data.checks import check_dataset
from analysis.data.kinds import KINDS
from plasticity.errors import InputError

__all__ = ["neighbour_scatter", "require_errors", "with_pooled_errors", "without_missing_errors"]


def with_pooled_errors(data: xr.Dataset) -> xr.Dataset:
    """Data set in which a standard error that is missing is replaced by one that is pooled over its group.

    Where the group (coordinate ``group``; without it all protocols) has errors of its own: their root mean square.
    Where it has none: the scatter of neighbours, see `neighbour_scatter`, in the order of the first numerical label
    of the kind, such as the interval. That is the standard deviation of one point, which fits data with n = 1.

    Parameters
    ----------
    data : xarray.Dataset

    Returns
    -------
    xarray.Dataset
        The same object if nothing is missing. The attribute ``sem_pooled`` tells what was filled in.

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
    filled, told = sem.copy(), []
    for group in dict.fromkeys(groups.tolist()):
        members = np.flatnonzero(groups == group)
        missing = members[np.isnan(sem[members])]
        if missing.size:
            pooled, how = _pooled(data, group, members)
            filled[missing] = pooled
            units = data.sem.attrs["units"]
            told.append(
                f"{missing.size} of {members.size} points{f' of {group}' if group else ''}: "
                f"{pooled:.3g}{'' if units == '1' else ' ' + units} ({how})"
            )
    text = "; ".join(told)
    completed = data.assign(sem=("protocol", filled, data.sem.attrs)).assign_attrs(sem_pooled=text)
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


def require_errors(data: xr.Dataset) -> None:
    """Raise if a standard error is missing; name the two ways out.

    Raises
    ------
    InputError
    """
    missing = [str(p) for p in data.protocol.values[np.isnan(data.sem.values)]]
    if missing:
        raise InputError(
            f"{data.attrs['data'] or 'the data'} has no standard error for {len(missing)} of "
            f"{data.sizes['protocol']} protocols, such as {missing[0]!r} ({data.attrs['sem_missing']}); "
            "use analysis.data.missing_errors.with_pooled_errors(data) or without_missing_errors(data)"
        )


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
    """Error for the members of a group that have none, and how it was found."""
    known = data.sem.values[members]
    known = known[~np.isnan(known)]
    if known.size:
        return float(np.sqrt(np.mean(known**2))), "root mean square of the published ones"
    if members.size < 3:
        raise InputError(
            f"the group {group!r} has {members.size} points and no standard error, so none can be pooled; "
            "leave it out with analysis.data.missing_errors.without_missing_errors"
        )
    labels = [label.name for label in KINDS[data.attrs["kind"]].labels if not label.is_text]
    along = next((name for name in labels if name in data.coords), None)
    order = np.arange(members.size) if along is None else np.argsort(data[along].values[members], kind="stable")
    scatter = neighbour_scatter(data.value.values[members][order])
    if scatter == 0:
        raise InputError(f"the values of group {group!r} do not scatter, so no error can be pooled")
    return scatter, f"scatter of neighbours along {along or 'the rows'}"
