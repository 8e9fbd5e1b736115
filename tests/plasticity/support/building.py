"""A task for worker processes: it needs a model that one of them builds."""

from pathlib import Path
from time import monotonic, sleep

from circuits.spiking.binary import _locked
from plasticity.support.patience import begun


def build_and_run(task):
    """Whether all models were being built at the same time, as this process could see; None if it built nothing."""
    folder, model, models = Path(task[0]), *task[1:]
    together = None
    if not (folder / f"{model}.built").exists():
        with _locked(folder / f"{model}.lock"):
            if not (folder / f"{model}.built").exists():
                (folder / f"{model}.begun").touch()
                together = _meet([folder / f"{name}.begun" for name in models])
                (folder / f"{model}.built").touch()
    begun()
    return together


def _meet(paths, patience=30.0):
    """Whether all files are there before patience ends; a process that builds alone shows others that it does."""
    end = monotonic() + patience
    while monotonic() < end:
        sleep(0.2)
        if all(path.exists() for path in paths):
            return True
    return False
