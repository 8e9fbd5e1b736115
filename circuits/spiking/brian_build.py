"""Compile a circuit: Brian2 writes the C++, which is then made to read all numbers when it runs.

Brian2 writes values into the text of the program. Here they are only its first values: before the run starts, each is
replaced by what the files of the run say, and a value that the text would keep is an error.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import brian2
import numpy as np
from brian2.core.variables import DynamicArrayVariable, Variable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import reset_device

from circuits.network.circuit import Circuit
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.binary import PROGRAM, Model, keep_model
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.inputs import Given
from circuits.spiking.lines import Lines
from circuits.spiking.network import Built, build_network, run_with_ticks
from circuits.spiking.outputs import checked_names, output_names
from circuits.spiking.prefetch import prefetch
from circuits.spiking.structure import SOURCES, compiler
from plasticity.errors import InputError
from plasticity.support.cli import say

MOST_TABLES = 64  # as in given.h
JOBS = "-j2"  # compilers at once: each takes about 0.5 GB
HEADER_RULE = """
given.h.gch: given.h
\t$(CXX) $(filter-out -include given.h,$(CXXFLAGS)) -x c++-header $< -o $@
$(OBJS): given.h.gch
"""
LATE = ("neuron_index", "_timebins")  # Brian2 sets these when a run starts
# What Brian2 sets by itself and what does not depend on any number of a run.
OWN = re.compile(
    r"(defaultclock_dt|_indices|_(timestep|t|sources|targets|lastspike|not_refractory)"
    r"|_(spike_number|spike_time|_lastindex|period|_period_bins))$"
)


def build_model(
    circuit: Circuit, grid: Grid, record: Recording, channels: Mapping[str, Lines], given: Given, folder: Path
) -> Model:
    """Write, compile and keep the program of a circuit.

    Raises
    ------
    InputError
        If the compiler fails; its whole message is kept.
    """
    inputs, outputs = write_program(circuit, grid, record, channels, given, folder)
    _compile(folder)
    model = Model(folder, inputs, outputs)
    keep_model(model)
    return model


def write_program(
    circuit: Circuit, grid: Grid, record: Recording, channels: Mapping[str, Lines], given: Given, folder: Path
) -> tuple[dict[str, str], dict[str, tuple[str, int | None]]]:
    """Write the C++ of a circuit; what it reads and what it says, by name, with data types."""
    if len(given.tables) > MOST_TABLES:
        raise InputError(
            f"circuit {circuit.name!r} has {len(given.tables)} functions of time and tables of control, more than "
            f"{MOST_TABLES}; use device='numpy', or fewer channels or populations"
        )
    with _cpp_device(folder) as device:
        clock = brian2.Clock(grid.dt * brian2.second, name="steps")
        plan = Blueprint(circuit, grid, given, record, channels, clock, compiled=True)
        built = build_network(plan)
        early = [name for name in given.values if name.rpartition(".")[2] not in LATE]
        late = [name for name in given.values if name.rpartition(".")[2] in LATE]
        connected = [_connect(device, built, name) for name in given.connections]
        tables = [f'given::read_table("{name}", {k});' for k, name in enumerate(given.tables)]
        device.insert_code("main", "\n".join([*connected, *tables, *(_read(device, built, n) for n in early)]))
        saved = [_save(device, built, name) for name in output_names(circuit, record)]
        device.insert_code("before_end", "{ using namespace brian;\n" + "\n".join(saved) + "\nreturn 0; }")
        run_with_ticks(built, plan)
        _check_told(device, built, given)
        sources = [shutil.copy(Path(__file__).parent / name, folder / name) for name in SOURCES]
        device.build(directory=str(folder), compile=False, run=False, additional_source_files=[Path(sources[1]).name])
        prefetch(folder)
        looks = [_look(device, built, name) for name in checked_names(circuit)]
        keeps = [f'given::record("{p.name}", {_array(device, built, f"{p.name}.w")[0]});' for p in circuit.plastic]
        call = f"[&](double now) {{ {' '.join(looks)} }}, [&]() {{ {' '.join(keeps)} }}"
        _patch(folder / "main.cpp", [_read(device, built, name) for name in late], call, len(given.ends))
        inputs = {name: np.dtype(_variable(built, name).dtype).name for name in given.values}
        return inputs, {name: _kind(built, name) for name in output_names(circuit, record)}


@contextmanager
def _cpp_device(folder: Path) -> Iterator[CPPStandaloneDevice]:
    """Brian2's C++ device, writing to `folder`; afterwards Brian2 is as it was found."""
    brian2.BrianLogger.suppress_name("unused_brian_object")
    gc.collect()  # objects of an earlier run that linger keep their names, and the code would get new ones
    folder.mkdir(parents=True, exist_ok=True)
    brian2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
    device = brian2.get_device()
    device.extra_compile_args = ["-include", "given.h"]
    try:
        yield device
    finally:
        device.reinit()
        reset_device()


def _variable(built: Built, name: str) -> Variable:
    owner, _, variable = name.partition(".")
    return built.objects[owner].variables[variable]


def _kind(built: Built, name: str) -> tuple[str, int | None]:
    variable = _variable(built, name)
    if isinstance(variable, DynamicArrayVariable) and variable.ndim == 2:
        return "float64", int(built.objects[name.partition(".")[0]].variables["_indices"].size)
    return np.dtype(variable.dtype).name, None


def _array(device: CPPStandaloneDevice, built: Built, name: str) -> tuple[str, bool]:
    """Name of an array in C++, and whether it knows its size."""
    variable = _variable(built, name)
    return device.get_array_name(variable, access_data=False), isinstance(variable, DynamicArrayVariable)


def _read(device: CPPStandaloneDevice, built: Built, name: str) -> str:
    array, dynamic = _array(device, built, name)
    if name.rpartition(".")[2] in LATE:
        return f'given::read_any("{name}", {array});'
    if dynamic:
        return f'given::read_all("{name}", {array});'
    return f'given::read("{name}", {array}, _num_{array});'


def _save(device: CPPStandaloneDevice, built: Built, name: str) -> str:
    array, dynamic = _array(device, built, name)
    columns = _kind(built, name)[1]
    if columns is not None:
        return f'given::save_rows("{name}", {array}, {array}.n, {columns});'
    return f'given::save("{name}", {array});' if dynamic else f'given::save("{name}", {array}, _num_{array});'


def _look(device: CPPStandaloneDevice, built: Built, name: str) -> str:
    array, dynamic = _array(device, built, name)
    if dynamic:
        return f'if ({array}.size()) given::check("{name}", &{array}[0], {array}.size(), now);'
    return f'given::check("{name}", {array}, _num_{array}, now);'


def _connect(device: CPPStandaloneDevice, built: Built, name: str) -> str:
    """Replace the one synapse that the text makes by those that the run is told of."""
    made = built.synapses[name]
    ends = ("_synaptic_pre", "_synaptic_post", "N_outgoing", "N_incoming", "N")
    arrays = [device.get_array_name(made.variables[v], access_data=False) for v in ends]
    sized = sorted(device.get_array_name(v, access_data=False) for v in made._registered_variables)
    resized = "".join(f" {array}.resize(n);" for array in sized if array not in arrays[:2])
    return f'given::connect("{name}", {", ".join(arrays)}, [&](size_t n) {{{resized} }});'


def _check_told(device: CPPStandaloneDevice, built: Built, given: Given) -> None:
    """Refuse a program whose text keeps a value: a run would silently ignore what it is told.

    Raises
    ------
    RuntimeError
        Naming the arrays.
    """
    told = {_array(device, built, name)[0] for name in given.values}
    written = {str(args[0]) for kind, args in device.main_queue if kind.startswith("set_") and kind != "set_by_string"}
    kept = sorted(name for name in written - told if not OWN.search(name))
    if kept:
        raise RuntimeError(f"values of {', '.join(kept)} are part of the compiled program; add them to what it is told")


def _patch(main: Path, late: list[str], pauses: str, n_runs: int) -> None:
    """Let the program run to the times that it is told, and look at its arrays on the way."""
    text = main.read_text(encoding="utf-8")
    numbers = iter(range(n_runs))

    def replaced(_: re.Match) -> str:
        number = next(numbers)
        before = "\n".join(late) if number == 0 else ""
        return f'{before}\ngiven::run(network, "ends.{number}", {pauses});'

    text, found = re.subn(r"network\.run\([^;]*\);", replaced, text)
    if found != n_runs:
        raise RuntimeError(f"the program has {found} runs, expected are {n_runs}")
    main.write_text(text, encoding="utf-8")


def _compile(folder: Path) -> None:
    """Compile with a precompiled header; objects are of no use afterwards."""
    command = compiler() or "c++"
    if shutil.which("ccache") and "ccache" not in command:
        command = f"ccache {command}"
    environment = os.environ | {"CXX": command, "CCACHE_SLOPPINESS": "pch_defines,time_macros"}
    with open(folder / "makefile", "a", encoding="utf-8") as makefile:
        makefile.write(HEADER_RULE)
    say("compiling the model as C++ (once; then it is kept)")
    try:
        command_line = ["make", JOBS, "DEPS="]  # who includes whom matters to those who compile twice
        done = subprocess.run(command_line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    finally:
        for path in (*folder.rglob("*.o"), *folder.glob("*.gch")):
            path.unlink()
    if done.returncode:
        log = folder / "build.log"
        log.write_text(f"{done.stdout}\n{done.stderr}", encoding="utf-8")
        lines = [line for line in done.stderr.splitlines() if "rror" in line] or done.stderr.splitlines()[-3:]
        raise InputError(
            f"the C++ compiler failed: {' '.join(lines[:3])}; the whole message is in {log}; "
            "device='numpy' needs no compiler"
        )
    (folder / PROGRAM).chmod(0o755)
