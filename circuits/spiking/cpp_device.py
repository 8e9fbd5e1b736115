"""Compile a model: Brian2 writes C++ that reads all inputs of a run when it starts.

Brian2 writes values and sizes into the text of a program. Here they are placeholders: values are replaced when a run
starts by the files of the run, sizes in the text by what reads them; one that would remain in the text is an error.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import brian2
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.core.variables import ArrayVariable, DynamicArrayVariable, Variable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import reset_device

from circuits.spiking.explained import explained
from circuits.spiking.functions import cpp_line
from circuits.spiking.merged import merge_sources
from circuits.spiking.network import Network, build_network, size_placeholders
from circuits.spiking.state import pathways, recordable, state_variables
from circuits.spiking.structure import ModelStructure, SynapseGroup
from circuits.spiking.toolchain import IN_FLIGHT, MESSAGES, PROGRAM, STATE, compiler
from plasticity.errors import InputError
from plasticity.support.cli import say
from plasticity.support.ending import run_program
from plasticity.support.temporary import temporary_folder

HERE = Path(__file__).parent
HEADER, SOURCE = "run_inputs.h", "run_inputs.cpp"
JOBS = "-j2"  # compilers at once: each takes about 0.5 GB
SET_BY_BRIAN = (".neuron_index", "._timebins")  # at the start of a run, and replaced after that
# What Brian2 sets by itself and what does not depend on any number of a run.
OWN = re.compile(
    r"(defaultclock_dt|_indices|_(timestep|t|sources|targets|lastspike|not_refractory)"
    r"|_(spike_number|spike_time|_lastindex|period|_period_bins))$"
)


def synaptic_arrays(variables: Mapping[str, Variable], indices: Mapping[str, str]) -> list[str]:
    """Pointers to the arrays that a loop over synapses reads or writes, one element per synapse."""
    arrays = [v for k, v in variables.items() if indices[k] == "_idx" and isinstance(v, ArrayVariable) and not v.scalar]
    return sorted({CPPCodeGenerator.get_array_name(v) for v in arrays})


class RunTimeCodeObject(CPPStandaloneCodeObject):
    """C++ code whose loops over synapses prefetch and whose thresholds are vectorised (`templates`)."""

    templater = CPPStandaloneCodeObject.templater.derive(
        "circuits.spiking", env_globals={"synaptic_arrays": synaptic_arrays}
    )


class RunTimeDevice(CPPStandaloneDevice):
    """Brian2's C++ device with own templates."""

    def code_object_class(self, codeobj_class: type | None = None, fallback_pref: str | None = None) -> type:
        """Class of the code objects."""
        return RunTimeCodeObject if codeobj_class is None else codeobj_class


def build_program(structure: ModelStructure, folder: Path) -> None:
    """Write and compile the program of a model in a folder.

    Raises
    ------
    InputError
        If the compiler fails; its whole message is in the folder.
    """
    write_program(structure, folder)
    _compile(folder)


def write_program(structure: ModelStructure, folder: Path) -> None:
    """Write the C++ of a model.

    Raises
    ------
    RuntimeError
        If a placeholder would stay in the text: a run would silently ignore its inputs.
    """
    with _device(folder) as device, explained(structure.names):
        built = build_network(structure)
        device.insert_code("main", "\n".join(_readings(device, built)))
        saving = [*(_saving(device, built, name) for name in structure.saved), *_saving_state(device, built)]
        saving += [f'run_inputs::save_record("{name}");' for name in recordable(built)]
        text = "\n".join(saving)
        device.insert_code("before_end", f"{{ using namespace brian;\n{text}\nreturn 0; }}")
        _run_with_pauses(device, built)
        _check_placeholders(device, built)
        for name in (HEADER, SOURCE):
            shutil.copy(HERE / name, folder / name)
        device.build(directory=str(folder), compile=False, run=False, additional_source_files=[SOURCE])
    _replace_sizes(structure, folder)
    merge_sources(folder)


def _replace_sizes(structure: ModelStructure, folder: Path) -> None:
    """Replace the placeholder of a size, and what is larger by one, by what reads the size when a run starts."""
    sizes = list(size_placeholders(structure).values())
    if not sizes:
        return
    first = min(sizes)
    placeholder = re.compile(rf"(?<![\w.]){first // 1000}\d{{3}}(?![\w.])")

    def read(match: re.Match) -> str:
        index, more = divmod(int(match[0]) - first, 2)
        return f"(run_inputs::size({index}) + 1)" if more else f"run_inputs::size({index})"

    for path in (*folder.glob("*.cpp"), *folder.glob("*.h"), *(folder / "code_objects").glob("*.cpp")):
        before = path.read_text(encoding="utf-8")
        text = placeholder.sub(read, before)
        if re.search(rf"(?<![\d.]){first // 1000}\d{{3}}", text):
            raise RuntimeError(f"a size is part of the compiled program, in {path.name}; make it a run input")
        if text != before:
            path.write_text(text, encoding="utf-8")


@contextmanager
def _device(folder: Path) -> Iterator[RunTimeDevice]:
    """C++ device that writes to `folder`; afterwards Brian2 is as it was before."""
    brian2.BrianLogger.suppress_name("unused_brian_object")
    gc.collect()  # objects of an earlier run still occupy their names
    folder.mkdir(parents=True, exist_ok=True)
    device = RunTimeDevice()
    brian2.set_device(device, directory=str(folder), build_on_run=False)
    device.extra_compile_args = ["-include", HEADER]
    try:
        yield device
    finally:
        device.reinit()
        reset_device()


def _run_with_pauses(device: RunTimeDevice, built: Network) -> None:
    """Brian2 lists the objects of the network and runs it for no time; then it runs to the times of the run."""
    structure = built.structure
    built.network.run(0 * brian2.second, namespace={})
    late = [name for name in structure.values if name.endswith(SET_BY_BRIAN)]
    clocks = ", ".join(f"&brian::{name}" for name in structure.plasticity_clocks)
    checks = " ".join(f'run_inputs::check("{n}", {_span(device, built, n)}, now);' for n in structure.checked)
    records = " ".join(
        f'run_inputs::record_weights("{n}", {_array(device, built, f"{n}.w")});' for n in structure.plastic
    )
    records += " ".join(_keeping(device, built, name) for name in recordable(built))
    monitors = ", ".join(f"_run_{built.objects[name].codeobj.name}" for name in structure.monitors)
    called = f"std::set<void (*)()>{{{monitors}}}"
    run = f"run_inputs::run(network, {{{clocks}}}, {called}, [&](double now) {{ {checks} }}, [&]() {{ {records} }});"
    readings = [f'run_inputs::read_any("{name}", {_array(device, built, name)});' for name in late]
    readings += [f'run_inputs::restore_spikes("{n}.{IN_FLIGHT}", {_queue(n)});' for n in pathways(built)]
    readings += [f'run_inputs::restore_messages("{n}.{MESSAGES}", {line});' for n, line in _lines(structure)]
    device.insert_code("main", "\n".join([*readings, run]))


def _keeping(device: RunTimeDevice, built: Network, name: str) -> str:
    """Statement that records elements of an array if a run wants them."""
    places = built.places(name)
    at = "" if places is None else f", {device.get_array_name(places, access_data=False)}.data()"
    return f'run_inputs::record("{name}", {_span(device, built, name).split(",")[0]}{at});'


def _saving_state(device: RunTimeDevice, built: Network) -> list[str]:
    """Statements that save the last state."""
    variables = [f'run_inputs::save("{STATE}{n}", {_span(device, built, n)});' for n in state_variables(built)]
    spikes = [f'run_inputs::save_spikes("{STATE}{n}.{IN_FLIGHT}", {_queue(n)});' for n in pathways(built)]
    lines = [
        f'run_inputs::save("{STATE}{n}.{MESSAGES}", {line}.data(), {line}.size());'
        for n, line in ((n, f"{line}.messages") for n, line in _lines(built.structure))
    ]
    return [*variables, *spikes, *lines]


def _queue(pathway: str) -> str:
    """Spikes on their way, in C++."""
    return f"*brian::{pathway}.queue[0]"


def _lines(structure: ModelStructure) -> list[tuple[str, str]]:
    """Messages on their way, by name and in C++."""
    return [(name, cpp_line(structure, name)) for name in structure.delay_lines]


def _array(device: RunTimeDevice, built: Network, name: str) -> str:
    """Name of an array in C++."""
    return device.get_array_name(built.variable(name), access_data=False)


def _span(device: RunTimeDevice, built: Network, name: str) -> str:
    """Pointer to an array in C++ and its size."""
    array = _array(device, built, name)
    is_dynamic = isinstance(built.variable(name), DynamicArrayVariable)
    return f"{array}.data(), {array}.size()" if is_dynamic else f"{array}, _num_{array}"


def _readings(device: RunTimeDevice, built: Network) -> list[str]:
    """Statements that read the wiring, the tables and the numbers of a run."""
    structure = built.structure
    wiring = [_connecting(device, built, o.name) for o in structure.objects if isinstance(o, SynapseGroup)]
    tables = [f'run_inputs::Tables<{k}>::value.read("{name}");' for k, name in enumerate(structure.tables)]
    early = [name for name in structure.values if not name.endswith(SET_BY_BRIAN)]
    numbers = [f'run_inputs::read("{name}", {_span(device, built, name)});' for name in early]
    state = [f'run_inputs::restore("{name}", {_span(device, built, name)});' for name in state_variables(built)]
    return [*wiring, *tables, *numbers, *state]


def _connecting(device: RunTimeDevice, built: Network, name: str) -> str:
    """Replace the one synapse that the text makes by those of the run."""
    made = built.objects[name]
    ends = ("_synaptic_pre", "_synaptic_post", "N_outgoing", "N_incoming", "N")
    arrays = [device.get_array_name(made.variables[v], access_data=False) for v in ends]
    sized = sorted(device.get_array_name(v, access_data=False) for v in made._registered_variables)
    resized = "".join(f" {array}.resize(n);" for array in sized if array not in arrays[:2])
    return f'run_inputs::connect("{name}", {", ".join(arrays)}, [&](size_t n) {{{resized} }});'


def _saving(device: RunTimeDevice, built: Network, name: str) -> str:
    """Statement that saves an array of a run."""
    if built.structure.columns(name) is None:
        return f'run_inputs::save("{name}", {_span(device, built, name)});'
    return f'run_inputs::save_rows("{name}", {_array(device, built, name)});'


def _check_placeholders(device: RunTimeDevice, built: Network) -> None:
    replaced = {_array(device, built, name) for name in built.structure.values}
    written = {str(args[0]) for kind, args in device.main_queue if kind.startswith("set_") and kind != "set_by_string"}
    remaining = sorted(name for name in written - replaced if not OWN.search(name))
    if remaining:
        raise RuntimeError(f"values of {', '.join(remaining)} are part of the compiled program; make them run inputs")


def _compile(folder: Path) -> None:
    """Compile; objects are of no use afterwards."""
    command = compiler() or "c++"
    if shutil.which("ccache") and "ccache" not in command:
        command = f"ccache {command}"
    say("compiling the model as C++ (once; the program is stored)")
    command_line = ["make", JOBS, "DEPS="]  # dependencies matter only to those who compile twice
    with temporary_folder() as files:
        done = run_program(command_line, folder, os.environ | {"CXX": command, "TMPDIR": str(files)})
    for path in folder.rglob("*.o"):
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
