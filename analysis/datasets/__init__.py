"""Catalogue of published plasticity data. One file each; a file of one's own loads the same way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from plasticity.errors import InputError
from plasticity.support import catalog
from plasticity.support.late import call
from plasticity.support.lazy import export

if TYPE_CHECKING:
    import xarray as xr

__all__ = [*export(__name__, catalogue=True), "load", "names"]

READERS = {".csv": "analysis.data.csv_table:read_csv", ".nwb": "analysis.data.nwb:read_nwb"}


def names() -> list[str]:
    """Names of all published data sets."""
    return catalog.names(__name__)


def load(source: xr.Dataset | str | os.PathLike) -> xr.Dataset:
    """Return a data set by its name in the catalogue, read it from a file or folder, or check a Dataset.

    Parameters
    ----------
    source : str, path or xarray.Dataset
        A name; a folder with protocols, events and observations (`analysis.data.folder`); or a file that ends in
        ``.csv`` (columns: see `analysis.data.csv_table`), ``.nc`` or ``.nwb`` (see `analysis.data.nwb`).

    Returns
    -------
    xarray.Dataset
        With the dimension ``protocol``, see `analysis.data.record`.

    Raises
    ------
    UnknownNameError
        If there is no such name; the message offers the nearest.
    InputError
        If the file cannot be read, or its content is no valid data set.

    Examples
    --------
    >>> load("wang_2005").sizes["protocol"]
    13
    """
    if not isinstance(source, str | os.PathLike):
        from analysis.data.check import check_dataset, in_own_units

        data = in_own_units(source)
        check_dataset(data)
        return data
    suffix = Path(source).suffix.lower()
    if suffix in READERS:
        return call(READERS[suffix], source)
    if suffix == ".nc":
        from plasticity.dataset import read

        return load(read(source))
    if os.path.isfile(os.path.join(source, "protocols.csv")):
        return call("analysis.data.folder:read_folder", source)
    if os.path.isfile(source):  # False for a name that is too long for a path, too
        raise InputError(f"the file {source} must end in .csv, .nc or .nwb to be read as data; rename it")
    if os.path.isdir(source) and str(source) not in names():
        raise InputError(
            f"{source} is no data set: this folder has no protocols.csv; see `python -m analysis kinds` for its tables"
        )
    return catalog.load(__name__, str(source), "data set")()
