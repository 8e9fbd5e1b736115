"""Runs of a sweep on the workers of a dask scheduler; the results are files, so a lost worker loses only its run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from pathlib import Path

from plasticity.errors import InputError
from scenarios.sweeps.folder import result
from scenarios.sweeps.worker import Outcome, Task, failed, run_task

ONE_AT_A_TIME = threading.Lock()  # Brian2, HDF5 and `ast` are for one thread; a worker of dask may have several
PATIENCE = "10s"  # for the scheduler to answer


def run_on_cluster(tasks: list[Task], address: str, attempts: int) -> Generator[Outcome, None, None]:
    """Outcomes of the tasks in the order in which they end.

    Raises
    ------
    InputError
        If dask is not installed, or no scheduler answers at `address`.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise InputError(
            "scheduler needs dask, which is not installed; run: pip install 'steersman[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no dask scheduler answers at {address!r}: {error}; check the address") from error
    with client:
        # pure=False: new keys for every sweep, as a scheduler remembers the outcomes of a key, also the failed ones
        futures = client.map(run_on_worker, tasks, pure=False, retries=attempts - 1)
        by_key = {future.key: task for future, task in zip(futures, tasks, strict=True)}
        try:
            for future in as_completed(futures, loop=client.loop):
                task = by_key[future.key]
                if future.status == "finished":
                    yield future.result()
                elif result(Path(task.folder), task.key):  # its worker was lost after the result had been written
                    yield Outcome(task.key)
                else:
                    yield failed(task, f"{future.status}: {_cause(future)}", attempts=attempts)
        finally:
            client.cancel(futures)


def run_on_worker(task: Task) -> Outcome:
    """Run a task, unless this worker has other code than the sweep; files are locked here, not by the scheduler."""
    import dask

    from scenarios.sweeps.make_plan import code_in_use

    with ONE_AT_A_TIME, dask.config.set(scheduler="synchronous"):
        if task.code != code_in_use(task.scenario):
            host = socket.gethostname()
            return failed(task, f"{host} has another version of this project; install the same everywhere")
        return run_task(task)


def _cause(future: object) -> str:
    error = future.exception() if future.status == "error" else None  # type: ignore[attr-defined]
    return f"{type(error).__name__}: {error}" if error else "no error reported"
