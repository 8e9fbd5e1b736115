"""Compiled functions that numba keeps on disk: a damaged file would end every later run, so it is removed."""

from __future__ import annotations

import pickletools
from pathlib import Path

from plasticity.support.cli import say


def remove_damaged(source: Path) -> list[Path]:
    """Remove the files of the module `source` that numba could not read; they are compiled anew when needed.

    Returns
    -------
    list of Path
        What was removed.
    """
    damaged = [path for path in (source.parent / "__pycache__").glob(f"{source.stem}.*.nb[ic]") if not _readable(path)]
    for path in damaged:
        path.unlink(missing_ok=True)
        say(f"the compiled function {path} is damaged and will be compiled again")
    return damaged


def _readable(path: Path) -> bool:
    """Whether a file is a sequence of whole pickles; nothing in it is executed."""
    try:
        with open(path, "rb") as file:
            n_pickles = 0
            while file.peek(1):  # an index is two pickles, one after the other
                n_pickles += any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(file))
        return n_pickles > 0
    except FileNotFoundError:
        return True  # another process has just removed it
    except Exception:  # there is no limit to what a damaged text can make pickletools raise
        return False
