"""All weights of a run in a netCDF-4 file that grows while the run goes on: memory does not grow with its duration.

The file is written beside its destination as ``*.part`` and renamed at the end, also when the run diverges or is
interrupted: it then holds what was recorded until there. Where nothing was recorded or the disk is full, there is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.running.labels import synapse_coordinates
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.careful_file import CarefulFile, careful_file, uninterrupted

if TYPE_CHECKING:
    import xarray as xr

WIDTH, ROWS = 2**16, 2**13  # numbers that HDF5 keeps together: of one time, and of many times if these are few


@dataclass(frozen=True, eq=False)
class WeightFile:
    """An open file; made by `weight_file`.

    Parameters
    ----------
    file : CarefulFile
    hdf5 : h5py.File
        Writes to `file`.
    times : h5py.Dataset (n_records,)
    weights : dict of str to h5py.Dataset (n_records, n_synapses) or (n_trials, n_records, n_synapses)
    """

    file: CarefulFile
    hdf5: Any
    times: Any
    weights: dict[str, Any]

    @property
    def n_records(self) -> int:
        """Number of records so far."""
        return self.times.shape[0]

    def append(self, time: float, weights: Mapping[str, ArrayLike]) -> None:
        """Record the weights of all projections at `time` [s].

        Parameters
        ----------
        time : float
            Time [s].
        weights : mapping of str to array
            By projection, (n_synapses,) or (n_trials, n_synapses); the synapses may have several axes.

        Raises
        ------
        OSError
            If they could not be written; `weight_file` says so in an `InputError`.
        """
        row = self.n_records
        rows = {n: np.reshape(weights[n], (*d.shape[:-2], d.shape[-1])) for n, d in self.weights.items()}
        with uninterrupted():
            for name, values in rows.items():
                self.weights[name].resize(row + 1, axis=values.ndim - 1)
                self.weights[name][..., row, :] = values
            self.times.resize(row + 1, axis=0)
            self.times[row] = time
            self.hdf5.flush()  # so that a full disk is seen now
        if self.file.error is not None:
            raise self.file.error


@contextmanager
def weight_file(
    path: str | os.PathLike,
    synapses: Mapping[str, tuple[ArrayLike, ArrayLike]],
    trials: Sequence[int] | None = None,
    **attributes: Any,
) -> Iterator[WeightFile]:
    """File at `path` for the weights of all synapses, which the body appends one time after the other.

    It follows the schema of `plasticity.dataset` and can be read by `plasticity.dataset.read` and by
    ``xarray.open_dataset(path, engine="h5netcdf")``: ``weight_NAME(trial, time, synapse_NAME)`` for every projection,
    with the coordinates ``post_NAME`` and ``pre_NAME``.

    Parameters
    ----------
    path : path
    synapses : mapping of str to (targets, sources)
        By projection: postsynaptic and presynaptic neuron (n_synapses,) of every synapse.
    trials : (n_trials,) sequence of int, optional
        Names of the members of a batch, whose weights have a leading axis; by default there is no such axis.
    **attributes
        Global attributes, see `plasticity.dataset.make_dataset`; at least `title`.

    Raises
    ------
    InputError
        If `path` cannot be written, or the disk is full; a file that was there before is left as it was.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "weights.nc"
    >>> with weight_file(path, {"synapses": ([0, 0], [0, 1])}, title="two weights") as file:
    ...     file.append(0.0, {"synapses": [1.0, 2.0]})
    ...     file.append(0.1, {"synapses": [1.1, 1.9]})
    >>> from plasticity.dataset import read
    >>> read(path).weight_synapses.values[:, 1].tolist()
    [2.0, 1.9]
    """
    path, written, worth_it = Path(path), None, False
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    ds, chunks = _before_any_record(synapses, trials, attributes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        with careful_file(part) as file:
            try:
                with uninterrupted():
                    written = _opened(file, ds, chunks)
                yield written
            finally:
                if written is not None:
                    with uninterrupted():
                        worth_it = written.n_records > 0
                        written.hdf5.close()
    except OSError as error:
        if written is not None and error is not written.file.error:
            raise  # an error of the run
        raise InputError(f"cannot write {path}: {error.strerror or error}; choose another path") from error
    finally:
        if written is not None and written.file.error is None and worth_it:
            os.replace(part, path)
        elif part.parent.is_dir():
            part.unlink(missing_ok=True)


def dense(shape: tuple[int, int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Targets and sources of all-to-all synapses with weights (n_post, n_pre), in the order of ``weights.ravel()``.

    Examples
    --------
    >>> targets, sources = dense((2, 3))
    >>> targets.tolist(), sources.tolist()
    ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2])
    """
    targets, sources = np.indices(shape, dtype=np.int32)
    return targets.ravel(), sources.ravel()


def _before_any_record(
    synapses: Mapping[str, tuple[ArrayLike, ArrayLike]], trials: Sequence[int] | None, attributes: Mapping[str, Any]
) -> tuple[xr.Dataset, dict[str, tuple[int, ...]]]:
    """Everything but the records, and in which pieces the records are kept."""
    batch, leading = ((), ()) if trials is None else (("trial",), (len(trials),))
    coordinates: dict[str, tuple] = {"time": ("time", np.empty(0), "s", "time")}
    if trials is not None:
        coordinates["trial"] = ("trial", np.asarray(trials), "1", "trial")
    variables: dict[str, tuple] = {}
    chunks: dict[str, tuple[int, ...]] = {"time": (ROWS,)}
    for name, (targets, sources) in synapses.items():
        n, along = np.size(targets), f"synapse_{name}"
        coordinates |= synapse_coordinates(name, np.arange(n), targets, sources)
        variables[f"weight_{name}"] = ((*batch, "time", along), np.empty((*leading, 0, n)), "1", f"weight of {name}")
        chunks[f"weight_{name}"] = (*(1 for _ in leading), max(1, ROWS // n), min(n, WIDTH))
    return make_dataset(variables, coordinates, **attributes), chunks


def _opened(file: CarefulFile, ds: xr.Dataset, chunks: Mapping[str, tuple[int, ...]]) -> WeightFile:
    """File that is ready for records."""
    import h5py

    encoding = {name: {"chunksizes": sizes} for name, sizes in chunks.items()}
    ds.to_netcdf(file, engine="h5netcdf", unlimited_dims=["time"], encoding=encoding)
    if file.error is not None:
        raise file.error
    hdf5 = h5py.File(file, "r+")
    weights = {n: hdf5[n] for n in chunks if n != "time"}
    return WeightFile(file, hdf5, hdf5["time"], {n.removeprefix("weight_"): d for n, d in weights.items()})
