"""Kill commands at random times: nothing of them goes on, and the next command removes what they have left.

``python tests/soak/kills.py --kills 60 --seed 1`` kills each kind of command ten times and repeats it afterwards, which
must give the numbers of an undisturbed command. A line per kill; the exit status counts the faults.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
MARK = "STEERSMAN_SOAK"  # environment variable that a command and all that it starts inherit
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
FIT = ["--data", "wang_2005", "--free", "A_plus", "--starts", "1", "-o", "out/result.nc"]
COMMANDS = {
    "run": ["scenarios", "run", "digits", "--quick", "--set", "n_epochs=60", "-o", "out/result.nc"],
    "sweep": ["scenarios", "sweep", "horizon", "--quick", "--seeds", "6", "--workers", "2", "-o", "out"],
    "table": ["analysis", "table", "--data", "wang_2005", "--workers", "2", "-o", "out"],
    "posterior": ["analysis", "posterior", "pair_stdp", "--steps", "500", *FIT],
    "recover": ["analysis", "recover", "pair_stdp", "--sets", "20", *FIT],
    "compile": ["scenarios", "run", "spike_timing", "--quick", "--device", "cpp", "-o", "out/result.nc"],
}
RESUME = {"sweep": ["--resume"]}


@dataclass
class Outcome:
    """What was left after a kill: processes and open pipes after `patience`, files after the next command."""

    ended_before: bool
    seconds: float
    processes: list[int]
    pipe_is_open: bool
    files: list[str]

    @property
    def is_clean(self) -> bool:
        return not (self.processes or self.pipe_is_open or self.files)


def environment(folder: Path, mark: str = "") -> dict[str, str]:
    """Own folders for temporary files and, as a compilation is killed, for the cache."""
    for name in ("tmp", "cache"):
        (folder / name).mkdir(exist_ok=True, mode=0o700)
    places = {"TMPDIR": str(folder / "tmp"), "STEERSMAN_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    return os.environ | places | {MARK: mark}


def marked(mark: str) -> list[int]:
    """Numbers of the processes that carry a mark."""
    text, found = f"{MARK}={mark}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if text in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def kill(kind: str, folder: Path, delay: float, how: signal.Signals, patience: float) -> Outcome:
    """Start a command in `folder`, end it after `delay` seconds, and wait at most `patience` for what it started."""
    mark = secrets.token_hex(8)
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMANDS[kind]],
        cwd=folder,
        env=environment(folder, mark),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    reader = threading.Thread(target=process.stdout.read, daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        process.wait(delay)
        ended = True
    except subprocess.TimeoutExpired:
        ended = False
        process.send_signal(how)
    start = time.monotonic()
    while (left := marked(mark)) and time.monotonic() < start + patience:
        process.poll()
        time.sleep(0.05)
    seconds = time.monotonic() - start
    reader.join(max(0.5, start + patience - time.monotonic()))
    for number in left:
        os.kill(number, signal.SIGKILL)
    process.wait()
    subprocess.run(
        [sys.executable, "-m", "scenarios", "list"], env=environment(folder), check=True, capture_output=True
    )
    files = sorted(path.name for path in (folder / "tmp").iterdir())
    return Outcome(ended, seconds, left, reader.is_alive(), files)


def complete(kind: str, folder: Path) -> dict[str, list]:
    """Run a command to its end; all numbers of its results by file and name. No part of a file may be left."""
    command = [sys.executable, "-m", *COMMANDS[kind], *RESUME.get(kind, [])]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{kind} failed after a kill: {done.stderr}")
    if left := [str(path) for path in (folder / "out").rglob("*.part")]:
        raise RuntimeError(f"{kind} leaves {left}")
    from plasticity.dataset import read

    found = {}
    for path in sorted((folder / "out").rglob("*.nc")):
        ds = read(path)
        for name, variable in ds.variables.items():
            found[f"{path.name.split('.')[0]}/{name}"] = np.asarray(variable.values).tolist()
    return found


def main() -> int:
    """Kill as often as the arguments say; the number of faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=5.0, help="seconds in which all must have ended")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    faults, expected, lasts = 0, {}, {}
    with tempfile.TemporaryDirectory() as base:
        for kind in COMMANDS:
            (folder := Path(base, kind)).mkdir()
            start = time.monotonic()
            expected[kind] = complete(kind, folder)
            lasts[kind] = time.monotonic() - start
        kills = attempts = 0
        while kills < arguments.kills:
            kind = list(COMMANDS)[kills % len(COMMANDS)]
            how = SIGNALS[int(rng.integers(len(SIGNALS)))]
            (folder := Path(base, f"{kind}-{attempts}")).mkdir()
            outcome = kill(kind, folder, float(rng.uniform(0, lasts[kind])), how, arguments.patience)
            same = str(complete(kind, folder)) == str(expected[kind])
            faults += not (outcome.is_clean and same)
            kills, attempts = kills + (not outcome.ended_before), attempts + 1
            print(f"{kind:10} {how.name:8} {'same' if same else 'OTHER'} numbers  {outcome}", flush=True)
    print(f"{kills} kills of a command at work, {attempts - kills} that came too late, {faults} faults")
    return faults


if __name__ == "__main__":
    sys.exit(main())
