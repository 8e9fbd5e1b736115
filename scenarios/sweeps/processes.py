"""Worker processes on this machine: each has one task at a time, so that a worker that dies affects no other run.

A worker is a fresh interpreter with one thread per numerical library, so a result does not depend on how many there
are, and nothing of the parent (its threads, its ``__main__``) can interfere. The task of a killed worker is assigned
to a new one, up to a number of attempts.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder
from scenarios.sweeps.worker import Outcome, Task, failed

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
COMMAND = "import sys; from scenarios.sweeps.worker import work; work(int(sys.argv[1]), int(sys.argv[2]))"
PREFIX, LOCK = "steersman-sweep-", "lock"
YOUNG = 60.0  # s; a temporary folder without a lock may be about to get one


class Worker:
    """A process, the connection to it, and its current task; its temporary files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.connection, theirs = Pipe()
        self.task: Task | None = None
        self.ready = False
        path = os.pathsep.join(p or os.getcwd() for p in sys.path)
        with theirs:
            command = [sys.executable, "-c", COMMAND, str(theirs.fileno()), str(os.getpid())]
            places = {"PYTHONPATH": path, "TMPDIR": str(folder), "STEERSMAN_CACHE": str(cache_folder(""))}
            environment = os.environ | dict.fromkeys(THREADS, "1") | places
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def start(self, task: Task) -> None:
        """Send a task."""
        self.task = task
        try:
            self.connection.send(task)
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


def run_in_processes(tasks: Iterable[Task], n_workers: int, attempts: int) -> Generator[Outcome, None, None]:
    """Outcomes of the tasks in the order in which they end; closing the generator ends the workers.

    Raises
    ------
    RuntimeError
        If workers do not even start.
    """
    waiting = deque(tasks)
    tries: Counter[str] = Counter()
    workers: dict[Connection, Worker] = {}
    stillborn = 0
    with temporary_folder() as folder, _ended(workers):
        while waiting or any(worker.task for worker in workers.values()):
            _assign(workers, waiting, n_workers, folder)
            answered = wait(list(workers))
            for connection, worker in [pair for pair in workers.items() if pair[0] in answered]:
                try:
                    answer = connection.recv()
                except (EOFError, ConnectionResetError):
                    del workers[connection]
                    worker.end(patience=2.0)
                    stillborn += not worker.ready
                    if stillborn > attempts:
                        raise RuntimeError(f"worker processes end while they start: {worker.ending}") from None
                    if worker.task is None:
                        continue
                    tries[worker.task.key] += 1
                    if tries[worker.task.key] < attempts:
                        waiting.appendleft(worker.task)
                    else:
                        yield failed(worker.task, f"its worker {worker.ending}", attempts=attempts)
                    continue
                worker.ready, worker.task = True, None
                if isinstance(answer, Outcome):
                    yield answer


def usable_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _assign(workers: dict[Connection, Worker], waiting: deque[Task], n_workers: int, folder: Path) -> None:
    """Start a task on every idle worker, and new workers for the rest."""
    for worker in workers.values():
        if worker.ready and worker.task is None and waiting:
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


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Folder for temporary files of the workers, removed at the end, as are now those of sweeps that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > YOUNG:
                with _locked(left):
                    shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which ends with this process; OSError if another process holds it."""
    import fcntl

    with open(folder / LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


class Terminated(BaseException):
    """The process received a signal to end."""


@contextmanager
def orderly_end() -> Iterator[None]:
    """Let the body clean up when a signal (scancel, a time limit, a closed terminal) ends the process.

    Signals that are handled elsewhere or ignored (``nohup``) are left alone.
    """
    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in numbers:
        signal.signal(number, _terminate)
    try:
        yield
    except Terminated as end:
        signal.signal(end.args[0], signal.SIG_DFL)
        os.kill(os.getpid(), end.args[0])
        raise
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second signal must not cut the cleaning up short
    raise Terminated(number)
