"""C++ compiler, and the key under which a compiled model is stored."""

from __future__ import annotations

import os
import platform
import shutil
from functools import cache
from importlib.metadata import version
from pathlib import Path

from circuits.spiking.structure import ModelStructure
from plasticity.support.cache import cache_folder, key
from plasticity.support.code import code_hash

PROGRAM, STATE = "main", "state/"  # of a compiled model, and where it writes its last state
RECORD = "record"  # of a variable that a run records
IN_FLIGHT, MESSAGES = "in_flight", "messages"  # of pathways and of delay lines, in a state
COMPILERS = ("g++", "clang++", "c++")
HERE = Path(__file__).parent
# What writes the C++, is compiled into it or exchanges files with it; the structure comes beside.
PYTHON = ("network.py", "functions.py", "cpp_device.py", "merged.py", "binary.py", "state.py")
CODE = (*PYTHON, "run_inputs.h", "run_inputs.cpp")
TEMPLATES = ("templates/synapses.cpp", "templates/threshold.cpp", "templates/spikemonitor.cpp")


def model_folder(structure: ModelStructure) -> Path:
    """Folder of a compiled model.

    Its name is the hash of the canonical text of the structure and of the toolchain: versions, compiler, flags,
    processor and the code that writes the program, so that a binary only runs where it was made for.
    """
    return cache_folder("brian") / key(toolchain(), structure)


def compiler() -> str | None:
    """Command of the C++ compiler: ``$CXX``, else the first one installed; None if there is none, or no ``make``."""
    if shutil.which("make") is None:
        return None
    chosen = os.environ.get("CXX", "")
    if chosen:
        return chosen if shutil.which(chosen.split()[0]) else None
    return next((c for c in COMPILERS if shutil.which(c)), None)


def toolchain() -> list[str]:
    """Brian2, the compiler as a file, flags, processor, and the code that writes the program."""
    command = shutil.which((compiler() or "none").split()[-1]) or "none"
    real = Path(command).resolve()
    size = real.stat().st_size if real.is_file() else 0
    flags = [os.environ.get(name, "") for name in ("CXXFLAGS", "CPPFLAGS", "LDFLAGS")]
    return [str(real), str(size), *flags, *_fixed()]


@cache
def _fixed() -> tuple[str, ...]:
    """What does not change while a process runs: Brian2, processor, code."""
    return version("brian2"), _processor(), code_hash(HERE / name for name in (*CODE, *TEMPLATES))


def _processor() -> str:
    """Model and abilities of the processor: binaries are compiled for it alone."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.machine() + platform.processor()
    return "".join(line for line in lines if line.startswith(("model name", "flags")))
