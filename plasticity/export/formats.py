"""Rules for other programs: names of the formats, and files of any of them."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from plasticity.errors import UnknownNameError
from plasticity.support.checks import checked

if TYPE_CHECKING:
    from plasticity.rule import Rule

FORMATS = {  # module of this folder: what it writes
    "torch": "optimiser of PyTorch",
    "optax": "gradient transformation of JAX and Optax",
    "brian2": "script of Brian2 with one synapse between two neurons",
    "nestml": "synapse of NEST, with a script that builds it",
    "latex": "card as a LaTeX document",
    "markdown": "card as a Markdown page",
}


def files(rule: Rule, format: str) -> dict[str, str]:
    """Texts of a rule for another program, by file name.

    Parameters
    ----------
    rule : Rule
    format : str
        A name in `FORMATS`.

    Raises
    ------
    InputError
        If the program cannot say what the rule does; names what it is.

    Examples
    --------
    >>> from plasticity.rules.adam import adam
    >>> list(files(adam(), "optax"))
    ['adam_optax.py']
    """
    if not isinstance(format, str) or format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    return getattr(importlib.import_module(f"plasticity.export.{format}"), format)(rule)


@checked
def write(rule: Rule, format: str, folder: str | os.PathLike) -> list[Path]:
    """Write the files of a rule for another program into a folder, which is made; files there are replaced.

    Raises
    ------
    InputError
        As `files`, or if a file cannot be written.
    """
    from plasticity.support.whole_file import whole_file

    texts = files(rule, format)
    for name, text in texts.items():
        with whole_file(Path(folder) / name, "choose another folder") as file:
            file.write(text.encode())
    return [Path(folder) / name for name in texts]
