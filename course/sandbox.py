"""A program that is not trusted: an own folder, limited time and memory, no network where the system allows that."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support.ending import GUARD

POLL = 0.02  # s
APART = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"]
LIMITED = "its own folder, environment and cache, its time, its memory and its process group"
UNLIMITED = (
    "files that you can read or write, the number of processes, answers that rewrite the checks of their process"
)


@cache
def isolation() -> tuple[str, ...]:
    """Command that sets a program apart from the network and from other processes; empty where there is none."""
    if shutil.which(APART[0]) is None:
        return ()
    done = subprocess.run([*APART, "true"], capture_output=True, check=False)
    return tuple(APART) if done.returncode == 0 else ()


def isolation_statement() -> str:
    """What is isolated on this machine, and what is not.

    Examples
    --------
    >>> "not isolated" in isolation_statement()
    True
    """
    network = "the network and other processes" if isolation() else ""
    limited = f"{LIMITED}, {network}" if network else LIMITED
    unlimited = UNLIMITED if network else f"the network, {UNLIMITED}"
    return f"isolated: {limited}\nnot isolated: {unlimited}"


def run_limited(command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> bool:
    """Run a program in `folder`, end it and all that it started, and return whether it ended by itself in time.

    Raises
    ------
    InputError
        On a system without process groups.
    """
    if not hasattr(os, "killpg"):
        raise InputError("grading needs Linux or macOS, where processes can be ended in groups; on Windows use WSL")
    watched, open_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-ISc", GUARD, *isolation(), *command],
        cwd=folder,
        env=dict(environment),
        stdin=watched,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(watched)
    try:
        return _ends(process.pid, seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its number is not free yet: it is waited for below
        process.wait()
        os.close(open_end)


def _ends(process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True
