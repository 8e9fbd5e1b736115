"""Compiled binaries of spiking models: built once, kept, told their numbers in files; a known one needs no Brian2."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.inputs import Given, Table
from circuits.spiking.lines import Lines
from circuits.spiking.outputs import diverged, output_names
from circuits.spiking.structure import model_folder, model_key
from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, mark_used, trim, write_atomically
from plasticity.support.cli import say

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile

MANIFEST, PROGRAM, SAID = "model.json", "main", "said"
DIVERGED = 4  # exit status, see given.cpp


@dataclass(frozen=True)
class Model:
    """A compiled model.

    Parameters
    ----------
    folder : Path
    inputs : dict of str to str
        Data type of every number that it reads, by ``"object.variable"``.
    outputs : dict of str to (str, int or None)
        Data type of every array that it writes, and its columns where it is a record over time.
    """

    folder: Path
    inputs: dict[str, str]
    outputs: dict[str, tuple[str, int | None]]


def run_binary(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    channels: Mapping[str, Lines],
    given: Given,
    file: WeightFile | None = None,
) -> dict[str, NDArray]:
    """Arrays of a run, by name; the binary is built if there is none. `file` takes all weights of the record.

    Raises
    ------
    DivergedError
        If a weight or a variable of a neuron leaves the finite numbers.
    InputError
        If the compiler or the binary fails.
    """
    model = _model(circuit, grid, record, channels, given)
    with tempfile.TemporaryDirectory(prefix="steersman-") as name:
        folder = Path(name)
        (folder / SAID).mkdir()
        try:
            _tell(folder, given, model, file is not None)
        except OSError as error:
            raise InputError(f"cannot write the numbers of a run to {name}: {error}; set TMPDIR") from error
        try:
            _execute(circuit, model, folder)
        finally:
            if file is not None:
                _hand_on(circuit, folder / SAID, given.records, file)
        found = {key: _said(folder / SAID / key, *model.outputs[key]) for key in output_names(circuit, record)}
        if record.every is not None:
            keys = [f"{p.name}.moments" for p in circuit.plastic]
            found |= {key: _said(folder / SAID / key, "float64", 2) for key in keys}
        return found


def _execute(circuit: Circuit, model: Model, folder: Path) -> None:
    """Run a program whose numbers are in `folder`."""
    done = subprocess.run(
        [model.folder / PROGRAM],
        cwd=model.folder,
        env=os.environ | {"STEERSMAN_RUN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == DIVERGED:
        array, index, time = (folder / SAID / "diverged").read_text(encoding="utf-8").split()
        raise diverged(circuit, array, int(index), float(time))
    if done.returncode:
        raise InputError(_failure(done, model))


def _hand_on(circuit: Circuit, said: Path, times: NDArray, file: WeightFile) -> None:
    """Copy all weights of the record, one time after the other, as far as there are any."""
    sizes = {p.name: p.n_synapses for p in circuit.plastic}
    paths = {name: said / f"{name}.all" for name in sizes}
    if not all(path.exists() for path in paths.values()):
        return
    rows = min(paths[name].stat().st_size // (8 * n) for name, n in sizes.items())
    for row, time in enumerate(times[:rows]):
        weights = {k: np.fromfile(paths[k], count=n, offset=8 * n * row) for k, n in sizes.items()}
        file.append(float(time), weights)


def _model(circuit: Circuit, grid: Grid, record: Recording, channels: Mapping[str, Lines], given: Given) -> Model:
    """Known model, or one that is built now; one process builds, others that need the same model wait for it."""
    key = model_key(circuit, grid, record, channels, given)
    folder = model_folder(key)
    known = load_model(folder)
    if known is None:
        with _locked(folder.with_suffix(".lock")):
            known = load_model(folder)
            if known is None:
                from circuits.spiking.brian_build import build_model

                shutil.rmtree(folder, ignore_errors=True)
                try:
                    known = build_model(circuit, grid, record, channels, given, folder)
                except OSError as error:
                    raise InputError(
                        f"cannot keep the compiled model in {folder}: {error.strerror}; make room, or set "
                        "STEERSMAN_CACHE to another folder"
                    ) from error
        trim()
    mark_used(folder)
    return known


def load_model(folder: Path) -> Model | None:
    """Model that is kept in a folder; None if there is none, or it is damaged, which is said."""
    try:
        text = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        program = (folder / PROGRAM).read_bytes()
        if hashlib.sha256(program).hexdigest() == text["sha256"]:
            return Model(folder, text["inputs"], {k: (kind, n) for k, (kind, n) in text["outputs"].items()})
    except FileNotFoundError:
        if not (folder / MANIFEST).exists():
            return None
    except (ValueError, KeyError, TypeError):
        pass
    say(f"the compiled model {folder} is damaged and will be built again")
    return None


def keep_model(model: Model) -> None:
    """Declare the program in a folder to be whole; until then the folder counts as empty."""
    program = hashlib.sha256((model.folder / PROGRAM).read_bytes()).hexdigest()
    text = {"sha256": program, "inputs": model.inputs, "outputs": model.outputs}
    write_atomically(model.folder / MANIFEST, json.dumps(text, indent=1))


def _tell(folder: Path, given: Given, model: Model, all_weights: bool) -> None:
    """Write the numbers of a run to files."""
    (folder / "record_all").write_bytes(bytes([all_weights]))
    np.asarray(given.records, dtype=float).tofile(folder / "records")
    for name, value in given.values.items():
        np.ascontiguousarray(value, dtype=model.inputs[name]).tofile(folder / name)
    for name, (sources, targets) in given.connections.items():
        np.ascontiguousarray(sources, dtype=np.int32).tofile(folder / f"{name}.sources")
        np.ascontiguousarray(targets, dtype=np.int32).tofile(folder / f"{name}.targets")
    for name, table in given.tables.items():
        _write_table(folder / name, table)
    for number, ends in enumerate(given.ends):
        np.asarray(ends, dtype=float).tofile(folder / f"ends.{number}")


def _write_table(path: Path, table: Table) -> None:
    values = np.ascontiguousarray(table.values, dtype=float)
    with open(path, "wb") as file:
        file.write(struct.pack("=qqd", *values.shape, table.step))
        values.tofile(file)


def _said(path: Path, kind: str, columns: int | None) -> NDArray:
    found = np.fromfile(path, dtype=kind)
    return found if columns is None else found.reshape(-1, columns)


def _failure(done: subprocess.CompletedProcess, model: Model) -> str:
    """What a binary said before it failed."""
    code = done.returncode
    ending = f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with status {code}"
    said = " ".join(done.stderr.split()) or f"{ending} and said nothing"
    return f"the compiled program in {model.folder} failed: {said}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time build a model."""
    try:
        import fcntl
    except ImportError:
        raise InputError("device 'cpp' needs a POSIX system; use device 'numpy'") from None
    cache_folder("brian")
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
