"""Program that judges one submission: ``python -P -m course.trial FILE.py RESULTS SECONDS BYTES EXERCISE …``.

It limits itself before it loads the file, and writes one line of JSON after every exercise, so that verdicts reached
before an exercise that crashes the process remain.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType, ModuleType
from typing import IO

SHORTEST = 0.1  # s
FILE_SIZE = 50_000_000  # bytes that a submission may write to a file


class OutOfTime(BaseException):
    """An answer takes too long; no ``except Exception`` of it catches this."""


def main(file: str, results: str, seconds: float, memory: int, exercises: list[str]) -> None:
    """Judge the exercises of a file, each within half of the time that is left."""
    end = time.monotonic() + seconds
    _limit(memory)
    with open(results, "w", encoding="utf-8") as output:
        try:
            module = _load(file)
        except Exception as error:
            for name in exercises:
                _write(output, name, "wrong", f"The file does not load: {type(error).__name__}: {error}", 0.0)
            return
        for name in exercises:
            _judge(module, name, max((end - time.monotonic()) / 2, SHORTEST), output)


def warm(file: str) -> None:
    """Judge the teacher's answers and mistakes, so that what the checks derive and compile is in the cache."""
    from course.check.verdict import hints, judge

    module = _load(file)
    for name in [name for name in vars(module) if f"check_{name}" in vars(module)]:
        judge(getattr(module, name), getattr(module, f"check_{name}"))
    if hasattr(module, "mistakes"):
        hints(module.mistakes(), vars(module))


def _judge(module: ModuleType, name: str, share: float, output: IO[str]) -> None:
    from course.check.verdict import STATES, judge

    start = time.perf_counter()
    try:
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, share)
        verdict = judge(getattr(module, name), getattr(module, f"check_{name}"))
        state, message = STATES[verdict.correct], verdict.message
    except OutOfTime:
        state, message = "wrong", f"Your function takes longer than {share:.3g} s."
    except (Exception, SystemExit) as error:
        state, message = "wrong", f"Your answer cannot be judged: {type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    _write(output, name, state, message, time.perf_counter() - start)


def _write(output: IO[str], name: str, state: str, message: str, seconds: float) -> None:
    line = {"exercise": name, "state": state, "message": message[:500], "seconds": round(seconds, 3)}
    output.write(json.dumps(line) + "\n")
    output.flush()


def _ring(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def _limit(memory: int) -> None:
    import resource

    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, FILE_SIZE), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # a system that does not know the limit, or has a lower one
            resource.setrlimit(kind, (most, most))


def _load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("submission", file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
    os._exit(0)  # threads that an answer left behind are not waited for
