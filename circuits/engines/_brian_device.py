"""Brian2 devices: the numpy target, or C++ that is compiled once per structure and kept in the cache folder."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2
from brian2.devices.device import reset_device

from plasticity.cache import cache_folder
from plasticity.errors import InputError

JOBS = "-j2"  # compilers at once: each takes about 0.5 GB


@contextmanager
def brian_device(device: str, key: str) -> Iterator[Callable[[], None]]:
    """Select a Brian2 device, give a function that finishes the run, and leave Brian2 as it was found."""
    brian2.BrianLogger.suppress_name("unused_brian_object")
    if device == "numpy":
        target = brian2.prefs.codegen.target
        brian2.prefs.codegen.target = "numpy"
        try:
            yield lambda: None
        finally:
            brian2.prefs.codegen.target = target
        return
    gc.collect()  # objects of an earlier run that linger keep their names, and the code would get new ones
    folder = cache_folder("brian") / key
    make = brian2.prefs.devices.cpp_standalone.extra_make_args_unix
    with _locked(folder):
        brian2.prefs.devices.cpp_standalone.extra_make_args_unix = [JOBS]
        brian2.set_device("cpp_standalone", directory=str(folder), build_on_run=False)
        try:
            yield lambda: _build(folder)
        finally:
            brian2.prefs.devices.cpp_standalone.extra_make_args_unix = make
            brian2.get_device().reinit()
            reset_device()


def _build(folder: Path) -> None:
    try:
        brian2.get_device().build(directory=str(folder), compile=True, run=True, with_output=False)
    except RuntimeError as error:
        raise InputError(_diagnosis(folder, error)) from error


def _diagnosis(folder: Path, error: Exception) -> str:
    """What the compiler or the program said, kept in full beside the sources."""
    done = subprocess.run(["make"], cwd=folder, capture_output=True, text=True, env=os.environ, check=False)
    said = f"{done.stdout}\n{done.stderr}".strip() if done.returncode else str(error)
    log = folder / "build.log"
    log.write_text(said, encoding="utf-8")
    lines = [line for line in said.splitlines() if "rror" in line] or said.splitlines()[-3:]
    what = "the C++ compiler failed" if done.returncode else "the compiled program failed"
    return f"{what}: {' '.join(lines[:3])}; the whole message is in {log}; device='numpy' needs no compiler"


@contextmanager
def _locked(folder: Any) -> Iterator[None]:
    """Let one process at a time build and run in `folder`."""
    try:
        import fcntl
    except ImportError:
        raise InputError("device 'cpp' needs a POSIX system; use device 'numpy'") from None
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
