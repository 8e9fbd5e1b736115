"""Worker processes on this machine: each has one task at a time, so that a worker that dies affects no other task.

A worker is a fresh interpreter with one thread per numerical library, so a result does not depend on how many there
are, and nothing of the parent (its threads, its ``__main__``) can interfere. The task of a killed worker is assigned
to a new one, up to a number of attempts. A task that needs what another process is building is put off, together with
those that need the same, so that building and running overlap.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder
from plasticity.support.ending import end_with
from plasticity.support.late import call
from plasticity.support.patience import Postponed, patience
from plasticity.support.temporary import temporary_folder

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
COMMAND = "import sys; from plasticity.support.workers import work; work(int(sys.argv[1]), int(sys.argv[2]))"
ATTEMPTS = 3  # number of workers on which a task is tried

Task = TypeVar("Task")


class Answer(NamedTuple, Generic[Task]):
    """What came of a task: the value of the function, or how its last worker ended."""

    task: Task
    value: Any = None
    ending: str = ""


@dataclass(frozen=True)
class _Job:
    number: int
    function: str
    task: Any
    group: Hashable = None  # of tasks that need the same
    patient: bool = False  # waits for what another process is building


class _Later:
    """Answer to a job that should be tried again after others."""


class Worker:
    """A process, the connection to it, and its current job; its temporary files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.connection, theirs = Pipe()
        self.job: _Job | None = None
        self.ready = False
        path = os.pathsep.join(p or os.getcwd() for p in sys.path)
        with theirs:
            command = [sys.executable, "-c", COMMAND, str(theirs.fileno()), str(os.getpid())]
            places = {"PYTHONPATH": path, "TMPDIR": str(folder), "STEERSMAN_CACHE": str(cache_folder(""))}
            environment = os.environ | dict.fromkeys(THREADS, "1") | places
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def start(self, job: _Job) -> None:
        """Send a job."""
        self.job = job
        try:
            self.connection.send(job)
        except (BrokenPipeError, ConnectionResetError):
            return  # it has died, which is detected when its answer is read
        except Exception as error:
            raise InputError(
                f"the parameters of a run cannot be sent to a worker: {error}; define what they hold in a module"
            ) from error

    def end(self, patience: float = 0.0) -> None:
        """Kill the process and what it has started, after `patience` seconds in which it may end by itself."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def ending(self) -> str:
        """How the process ended."""
        code = self.process.returncode
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def run_in_processes(
    function: str,
    tasks: Iterable[Task],
    n_workers: int,
    attempts: int = ATTEMPTS,
    group: Callable[[Task], Hashable] | None = None,
) -> Generator[Answer[Task], None, None]:
    """Answers of ``"module:function"`` to the tasks, in the order in which they end; closing it ends the workers.

    Tasks of one `group` probably need the same to be built. Where a process is building what a task needs
    (`plasticity.support.patience`), its group goes to the end of the queue; the second time the task waits.

    Raises
    ------
    RuntimeError
        If workers do not even start.
    """
    waiting = deque(_Job(i, function, task, i if group is None else group(task)) for i, task in enumerate(tasks))
    tries: Counter[int] = Counter()
    workers: dict[Connection, Worker] = {}
    stillborn = 0
    with temporary_folder() as folder, _ended(workers):
        while waiting or any(worker.job for worker in workers.values()):
            _assign(workers, waiting, n_workers, folder)
            answered = wait(list(workers))
            for connection, worker in [pair for pair in workers.items() if pair[0] in answered]:
                try:
                    value = connection.recv()
                except (EOFError, ConnectionResetError):
                    del workers[connection]
                    worker.end(patience=2.0)
                    stillborn += not worker.ready
                    if stillborn > attempts:
                        raise RuntimeError(f"worker processes end while they start: {worker.ending}") from None
                    if worker.job is None:
                        continue
                    tries[worker.job.number] += 1
                    if tries[worker.job.number] < attempts:
                        waiting.appendleft(worker.job)
                    else:
                        yield Answer(worker.job.task, ending=worker.ending)
                    continue
                job, worker.ready, worker.job = worker.job, True, None
                if job is not None and isinstance(value, _Later):
                    _put_off(waiting, job)
                elif job is not None:
                    yield Answer(job.task, value)


def work(descriptor: int, parent: int) -> None:
    """Report that this process is ready, then answer every job until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles interrupts
    end_with(parent)
    os.dup2(2, 1)  # what a simulation prints is no result
    with Connection(descriptor) as connection:
        try:
            connection.send(None)
            while True:
                job = connection.recv()
                connection.send(_answer(job))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the parent has ended, or needs this worker no more


def _answer(job: _Job) -> Any:
    try:
        with patience(job.patient):
            return call(job.function, job.task)
    except Postponed:
        return _Later()


def _put_off(waiting: deque[_Job], job: _Job) -> None:
    """Move a job, which will wait the next time, and its group to the end of the queue."""
    same = [other for other in waiting if other.group == job.group]
    others = [other for other in waiting if other.group != job.group]
    waiting.clear()
    waiting.extend([*others, *same, replace(job, patient=True)])


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _assign(workers: dict[Connection, Worker], waiting: deque[_Job], n_workers: int, folder: Path) -> None:
    """Start a job on every idle worker, and new workers for the rest."""
    for worker in workers.values():
        if worker.ready and worker.job is None and waiting:
            worker.start(waiting.popleft())
    starting = sum(not worker.ready for worker in workers.values())
    for _ in range(min(n_workers - len(workers), len(waiting) - starting)):
        worker = Worker(folder)
        workers[worker.connection] = worker


@contextmanager
def _ended(workers: Mapping[Connection, Worker]) -> Iterator[None]:
    """End the remaining workers when the body ends."""
    try:
        yield
    finally:
        for worker in workers.values():
            worker.end()
