"""All weights of a run in a netCDF-4 file that grows during the run, so that memory does not grow with its duration.

The file appears at the end, also when the run diverges or is interrupted: it then holds the records until there. If
there are none, or the disk is full, there is no file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit
from circuits.running.dataset import argument_entries, attributes, synapse_coordinates, synapse_dimension
from plasticity.errors import InputError
from plasticity.support.whole_file import WholeFile, uninterrupted, whole_file

if TYPE_CHECKING:
    import h5py

WIDTH, ROWS = 2**16, 2**13  # numbers in one chunk: of one time, and of many times if these are few


@dataclass(frozen=True, eq=False)
class WeightTarget:
    """Path of a file of weights, and the arguments of the run that it holds."""

    path: str | os.PathLike
    arguments: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class WeightFile:
    """An open file; made by `weight_file`.

    Parameters
    ----------
    file : WholeFile
    times : h5py.Dataset (n_records,)
    weights : dict of str to h5py.Dataset (n_records, n_synapses) or (n_trials, n_records, n_synapses)
    """

    file: WholeFile
    times: h5py.Dataset
    weights: dict[str, h5py.Dataset]

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
            If they could not be written; `weight_file` turns it into an `InputError`.
        """
        row = self.times.shape[0]
        rows = {n: np.reshape(weights[n], (*d.shape[:-2], d.shape[-1])) for n, d in self.weights.items()}
        with uninterrupted():
            for name, values in rows.items():
                self.weights[name].resize(row + 1, axis=values.ndim - 1)
                self.weights[name][..., row, :] = values
            self.times.resize(row + 1, axis=0)
            self.times[row] = time
            self.times.file.flush()  # a full disk is detected now
        if self.file.error is not None:
            raise self.file.error


@contextmanager
def recorded_weights(
    target: WeightTarget | None,
    circuit: Circuit,
    seed: int,
    dt: float,
    every: float | None,
    engine: str,
) -> Iterator[WeightFile | None]:
    """File for all weights of all plastic projections of a circuit; None without a target.

    Raises
    ------
    InputError
        If there is no interval between records or no plastic projection, or the path cannot be written.
    """
    if target is None:
        yield None
        return
    path, arguments = target.path, target.arguments
    if every is None:
        raise InputError(f"record_weights is {str(path)!r} without an interval; set record_every as well")
    if not circuit.plastic:
        raise InputError(f"record_weights is {str(path)!r}, but circuit {circuit.name!r} has no plastic projection")
    ends: dict[str, tuple[ArrayLike, ArrayLike]] = {p.name: p.ends for p in circuit.plastic}
    trials = circuit.trials if circuit.is_rate else None
    about = attributes(circuit, engine, seed, {"dt": dt, "record_every": every}, arguments)
    with weight_file(path, ends, trials, arguments, **about) as file:
        yield file


@contextmanager
def weight_file(
    path: str | os.PathLike,
    synapses: Mapping[str, tuple[ArrayLike, ArrayLike]],
    trials: Sequence[int] | None = None,
    arguments: Mapping[str, Any] = MappingProxyType({}),
    **attributes: Any,
) -> Iterator[WeightFile]:
    """File at `path` for the weights of all synapses, which the body appends one time after the other.

    It follows the schema of `plasticity.dataset` and can be read by `plasticity.dataset.read` and by
    ``xarray.open_dataset(path, engine="h5netcdf")``: ``weight_NAME(trial, time, synapse_NAME)`` for every projection
    (``synapse`` if it is the only one), with the coordinates ``post_NAME`` and ``pre_NAME``.

    Parameters
    ----------
    path : path
    synapses : mapping of str to (targets, sources)
        By projection: postsynaptic and presynaptic neuron (n_synapses,) of every synapse.
    trials : (n_trials,) sequence of int, optional
        Labels of the members of a batch, whose weights have a leading axis; by default there is no such axis.
    arguments : mapping of str to object
        Of `circuits.run`, which repeat the run (`circuits.run_arguments`).
    **attributes
        Global attributes, see `plasticity.dataset.make_dataset`; at least `title`.

    Raises
    ------
    InputError
        If `path` cannot be written, or the disk is full; a file that was there before is left unchanged.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/weights.nc"
    >>> with weight_file(path, {"synapses": ([0, 0], [0, 1])}, title="two weights") as file:
    ...     file.append(0.0, {"synapses": [1.0, 2.0]})
    ...     file.append(0.1, {"synapses": [1.1, 1.9]})
    >>> from plasticity.dataset import read
    >>> read(path).weight_synapses.values[:, 1].tolist()
    [2.0, 1.9]
    """
    import h5py

    failure: BaseException | None = None
    hdf5 = None
    with whole_file(path) as file:
        try:
            with uninterrupted():
                _write_header(file, synapses, trials, arguments, attributes)
                hdf5 = h5py.File(file, "r+")
            weights = {name: hdf5[f"weight_{name}"] for name in synapses}
            yield WeightFile(file, hdf5["time"], weights)
        except BaseException as error:
            failure = error  # of the run: what was recorded before is preserved
        with uninterrupted():
            file.discarded = hdf5 is None or not hdf5["time"].shape[0]
            if hdf5 is not None:
                hdf5.close()
    if failure is not None:
        raise failure


def _write_header(
    file: WholeFile,
    synapses: Mapping[str, tuple[ArrayLike, ArrayLike]],
    trials: Sequence[int] | None,
    arguments: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> None:
    """Write everything but the records."""
    from plasticity.dataset import make_dataset

    batch, leading = ((), ()) if trials is None else (("trial",), (len(trials),))
    coordinates: dict[str, tuple] = {"time": ("time", np.empty(0), "s", "time")}
    if trials is not None:
        coordinates["trial"] = ("trial", np.asarray(trials), "1", "trial")
    variables: dict[str, tuple] = {}
    chunks: dict[str, tuple[int, ...]] = {"time": (ROWS,)}
    for name, (targets, sources) in synapses.items():
        n, along = np.size(targets), synapse_dimension(name, synapses)
        coordinates |= synapse_coordinates(name, along, np.arange(n), targets, sources)
        variables[f"weight_{name}"] = ((*batch, "time", along), np.empty((*leading, 0, n)), "1", f"weight of {name}")
        chunks[f"weight_{name}"] = (*(1 for _ in leading), max(1, ROWS // n), min(n, WIDTH))
    ds = make_dataset(variables | argument_entries(arguments, coordinates), coordinates, **attributes)
    encoding = {name: {"chunksizes": sizes} for name, sizes in chunks.items()}
    ds.to_netcdf(file, engine="h5netcdf", unlimited_dims=["time"], encoding=encoding)
    if file.error is not None:
        raise file.error
