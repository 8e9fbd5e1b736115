"""Local worker processes: each has one task at a time, so that a worker that dies takes down nothing else.

A worker is a fresh interpreter with one thread per numerical library, so a result does not depend on how many there
are, and nothing of the parent (its threads, its ``__main__``) can get in the way. A task whose worker was killed is
given to a new worker, up to a number of attempts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder
from scenarios.sweeps.point import Outcome, Task, failed
from scenarios.sweeps.scratch import scratch

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Worker:
    """A process, the connection to it, and the task that it is at work on; its temporary files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.connection, theirs = Pipe()
        self.task: Task | None = None
        self.ready = False
        path = os.pathsep.join(p or os.getcwd() for p in sys.path)
        with theirs:
            command = [sys.executable, "-m", "scenarios.sweeps.worker", str(theirs.fileno()), str(os.getpid())]
            places = {"PYTHONPATH": path, "TMPDIR": str(folder), "STEERSMAN_CACHE": str(cache_folder(""))}
            environment = os.environ | dict.fromkeys(THREADS, "1") | places
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def give(self, task: Task) -> None:
        """Send a task."""
        self.task = task
        try:
            self.connection.send(task)
        except (BrokenPipeError, ConnectionResetError):
            return  # it has died; that is seen when its answer is read
        except Exception as error:
            raise InputError(
                f"the parameters of a run cannot be sent to a worker: {error}; define what they hold in a module"
            ) from error

    def end(self, patience: float = 0.0) -> None:
        """Kill the process and what it has started, after `patience` seconds in which it may end by itself."""
        self.connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run_in_processes(tasks: Iterable[Task], n_workers: int, attempts: int) -> Generator[Outcome, None, None]:
    """Outcomes of the tasks in the order in which they come; closing the generator ends the workers.

    Raises
    ------
    RuntimeError
        If workers do not even start.
    """
    waiting = deque(tasks)
    tries: Counter[str] = Counter()
    workers: dict[Connection, Worker] = {}
    stillborn = 0
    with scratch() as folder, _ended(workers):
        while waiting or any(worker.task for worker in workers.values()):
            _staff(workers, waiting, n_workers, folder)
            answered = wait(list(workers))
            for connection, worker in [pair for pair in workers.items() if pair[0] in answered]:
                try:
                    answer = connection.recv()
                except (EOFError, ConnectionResetError):
                    del workers[connection]
                    worker.end(patience=2.0)
                    stillborn += not worker.ready
                    if stillborn > attempts:
                        raise RuntimeError(f"worker processes end while they start: {_ending(worker)}") from None
                    if worker.task is None:
                        continue
                    tries[worker.task.key] += 1
                    if tries[worker.task.key] < attempts:
                        waiting.appendleft(worker.task)
                    else:
                        yield failed(worker.task, f"its worker {_ending(worker)}", attempts=attempts)
                    continue
                worker.ready, worker.task = True, None
                if isinstance(answer, Outcome):
                    yield answer


@contextlib.contextmanager
def _ended(workers: Mapping[Connection, Worker]) -> Iterator[None]:
    """End those workers that are left when the body ends."""
    try:
        yield
    finally:
        for worker in workers.values():
            worker.end()


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _staff(workers: dict[Connection, Worker], waiting: deque[Task], n_workers: int, folder: Path) -> None:
    """Give every idle worker a task, and hire for the rest."""
    for worker in workers.values():
        if worker.ready and worker.task is None and waiting:
            worker.give(waiting.popleft())
    starting = sum(not worker.ready for worker in workers.values())
    for _ in range(min(n_workers - len(workers), len(waiting) - starting)):
        worker = Worker(folder)
        workers[worker.connection] = worker


def _ending(worker: Worker) -> str:
    code = worker.process.returncode
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
