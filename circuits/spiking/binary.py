"""Compiled models: built once, then stored; a run writes its inputs to files and needs no Brian2."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.spiking.brian import brian
from circuits.spiking.outputs import diverged
from circuits.spiking.structure import ModelStructure, RunInputs, Table
from circuits.spiking.toolchain import IN_FLIGHT, PROGRAM, RECORD, STATE, model_folder
from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, mark_used, trim, write_atomically
from plasticity.support.cli import say
from plasticity.support.patience import begun, wait_or_postpone
from plasticity.support.temporary import temporary_folder

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile

CHECKSUM, RESULTS, ARRAYS = "checksum", "results", "static_arrays"
POLL = 0.1  # s, between attempts to get a lock
DIVERGED = 4  # exit status, see run_inputs.cpp


def run_binary(
    circuit: Circuit, structure: ModelStructure, inputs: RunInputs, file: WeightFile | None = None
) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Arrays of a run, by name, and its last state; the binary is built if needed; `file` takes all weights.

    Raises
    ------
    DivergedError
        If a weight or a variable of a neuron leaves the finite numbers.
    InputError
        If the compiler or the binary fails.
    """
    model = _model(structure)
    with temporary_folder() as folder:
        (folder / RESULTS / STATE).mkdir(parents=True)
        try:
            _write_inputs(folder, structure, inputs, all_weights=file is not None)
        except OSError as error:
            raise InputError(f"cannot write the numbers of a run to {folder}: {error}; set TMPDIR") from error
        try:
            _execute(circuit, model, folder)
        finally:
            if file is not None:
                _append_weights(circuit, folder / RESULTS, inputs.records, file)
        columns = {name: inputs.sizes.get(structure.columns(name) or "") for name in structure.saved}
        arrays = {name: _read(folder / RESULTS / name, n) for name, n in columns.items()}
        if inputs.records.size:
            moments = [f"{name}.moments" for name in structure.plastic]
            arrays |= {name: _read(folder / RESULTS / name, 2) for name in moments}
        for name, which in inputs.recorded.items():
            arrays[f"{name}.{RECORD}"] = _read(folder / RESULTS / f"{name}.{RECORD}", which.size)
        return arrays, _last_state(folder / RESULTS / STATE)


def _last_state(folder: Path) -> dict[str, NDArray]:
    """State at the end of a run; of spikes on their way steps and synapses."""
    state = {path.name: np.fromfile(path) for path in sorted(folder.iterdir())}
    return {name: v.reshape(-1, 2) if name.endswith(IN_FLIGHT) else v for name, v in state.items()}


def _execute(circuit: Circuit, model: Path, folder: Path) -> None:
    """Run a program whose numbers are in `folder`."""
    done = subprocess.run(
        [model / PROGRAM],
        cwd=model,
        env=os.environ | {"STEERSMAN_RUN": str(folder), "GLIBC_TUNABLES": _large_pages()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == DIVERGED:
        array, index, time = (folder / RESULTS / "diverged").read_text(encoding="utf-8").split()
        raise diverged(circuit, array, int(index), float(time))
    if done.returncode:
        raise InputError(_failure(done, model))


def _large_pages() -> str:
    """Settings of the C library, with large pages for arrays: scattered synapses miss fewer entries of page tables."""
    return ":".join(filter(None, (os.environ.get("GLIBC_TUNABLES"), "glibc.malloc.hugetlb=1")))


def _append_weights(circuit: Circuit, results: Path, times: NDArray, file: WeightFile) -> None:
    """Copy all weights of the record, one time after the other, as far as there are any."""
    sizes = {p.name: p.n_synapses for p in circuit.plastic}
    paths = {name: results / f"{name}.all" for name in sizes}
    if not all(path.exists() for path in paths.values()):
        return
    rows = min(paths[name].stat().st_size // (8 * n) for name, n in sizes.items())
    for row, time in enumerate(times[:rows]):
        weights = {k: np.fromfile(paths[k], count=n, offset=8 * n * row) for k, n in sizes.items()}
        file.append(float(time), weights)


def _model(structure: ModelStructure) -> Path:
    """Folder of a compiled model; one process builds, others that need the same wait for it or do another task."""
    folder = model_folder(structure)
    if not is_complete(folder):
        with _locked(folder.with_suffix(".lock")):
            if not is_complete(folder):
                _build(structure, folder)
        trim()
    mark_used(folder)
    begun()
    return folder


def _build(structure: ModelStructure, folder: Path) -> None:
    """Build a model; until its checksum is there, the folder counts as empty."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with brian():
            from circuits.spiking.cpp_device import build_program

            build_program(structure, folder)
        write_atomically(folder / CHECKSUM, checksum(folder))
    except OSError as error:
        raise InputError(
            f"cannot store the compiled model in {folder}: {error.strerror}; make room, or set "
            "STEERSMAN_CACHE to another folder"
        ) from error


def is_complete(folder: Path) -> bool:
    """Whether a folder holds a compiled model; a warning if it is damaged."""
    if not (folder / CHECKSUM).exists():
        return False
    try:
        if checksum(folder) == (folder / CHECKSUM).read_text(encoding="utf-8"):
            return True
    except (OSError, UnicodeDecodeError):
        pass
    say(f"the compiled model {folder} is damaged and will be built again")
    return False


def checksum(folder: Path) -> str:
    """Hash of all that a run reads of a compiled model: the program, and arrays that Brian2 has written for it."""
    hashed = hashlib.sha256()
    for path in (folder / PROGRAM, *sorted((folder / ARRAYS).glob("*"))):
        hashed.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return hashed.hexdigest()


def _write_inputs(folder: Path, structure: ModelStructure, inputs: RunInputs, all_weights: bool) -> None:
    np.array([inputs.sizes[name] for name in structure.sizes], dtype=np.int64).tofile(folder / "sizes")
    (folder / "record_all").write_bytes(bytes([all_weights]))
    np.asarray(inputs.records, dtype=float).tofile(folder / "records")
    np.asarray(inputs.pauses, dtype=float).tofile(folder / "pauses")
    if inputs.start:
        np.array(inputs.begins).tofile(folder / "start")
    for name, value in (inputs.values | inputs.start).items():
        np.ascontiguousarray(value, dtype=float).tofile(folder / name)
    for name, which in inputs.recorded.items():
        np.asarray(which, dtype=np.int64).tofile(folder / f"{name}.recorded")
    for name in inputs.spikes:
        (folder / f"{name}.times").touch()
    for name, (sources, targets) in inputs.connections.items():
        np.ascontiguousarray(sources, dtype=np.int32).tofile(folder / f"{name}.sources")
        np.ascontiguousarray(targets, dtype=np.int32).tofile(folder / f"{name}.targets")
    for name, table in inputs.tables.items():
        values = np.ascontiguousarray(table.values, dtype=float)
        with open(folder / name, "wb") as file:
            start = table.start if isinstance(table, Table) else 0.0
            file.write(struct.pack("=qqdd", *values.shape, table.step, start))
            values.tofile(file)


def _read(path: Path, columns: int | None) -> NDArray[np.float64]:
    values = np.fromfile(path)
    return values if columns is None else values.reshape(-1, columns)


def _failure(done: subprocess.CompletedProcess, model: Path) -> str:
    """Message of a binary that failed."""
    code = done.returncode
    ending = f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with status {code}"
    message = " ".join(done.stderr.split()) or f"{ending} without a message"
    return f"the compiled program in {model} failed: {message}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time build a model."""
    try:
        import fcntl
    except ImportError:
        raise InputError("device 'cpp' needs a POSIX system; use device 'numpy'") from None
    cache_folder("brian")
    with open(path, "a+") as lock:
        reported = ""
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait_or_postpone()
                reported = _report_holder(lock, reported)
                sleep(POLL)
        lock.truncate(0)
        lock.write(f"{os.getpid()} {socket.gethostname()}")
        lock.flush()
        yield


def _report_holder(lock: IO[str], reported: str) -> str:
    """Report who holds a lock, once, and once more when that process stands still; returns the last report."""
    lock.seek(0)
    number, _, host = lock.read().partition(" ")
    message = f"waiting for process {number or 'unknown'}, which compiles the same model"
    if number and host == socket.gethostname() and _is_stopped(number):
        message = f"{message} but stands still; let it go on with `kill -CONT {number}`, or end it"
    if message != reported:
        say(message)
    return message


def _is_stopped(number: str) -> bool:
    """Whether a process is stopped; False where the system does not tell."""
    try:
        status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(") ")[2][:1] in ("T", "t")
