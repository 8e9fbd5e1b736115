"""One command for all packages: ``steersman PACKAGE COMMAND …`` equals ``python -m PACKAGE COMMAND …``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.cli import exit_status

PACKAGES = ("plasticity", "circuits", "scenarios", "analysis")
SHORTCUTS = {
    "run": "scenarios",
    "sweep": "scenarios",
    "describe": "scenarios",
    "fit": "analysis",
    "compare": "analysis",
    "report": "analysis",
    "derive": "plasticity",
    "card": "plasticity",
    "glossary": "plasticity",
}
USAGE = f"""usage: steersman PACKAGE COMMAND …   one of {", ".join(p for p in PACKAGES if p != "circuits")}
       steersman COMMAND …           short for the package that has it: {", ".join(SHORTCUTS)}
Add --help to a command for its options, and --path FILE.py for a rule, signal, circuit, scenario or data set in a file.
"""


def main(argv: list[str]) -> None:
    """Dispatch to the command line of a package."""
    if not argv or argv[0] in ("-h", "--help"):
        print(USAGE, end="")
        return
    check_packages()
    first, rest = argv[0], argv[1:]
    package, arguments = (SHORTCUTS[first], argv) if first in SHORTCUTS else (first, rest)
    if package not in PACKAGES or package == "circuits":
        raise UnknownNameError("command", first, [*SHORTCUTS, *PACKAGES])
    importlib.import_module(f"{package}.__main__").main(arguments)


def check_packages() -> None:
    """Refuse to run where another distribution, or a folder, hides one of the packages.

    Raises
    ------
    InputError
        Naming the package and where it was imported from.
    """
    here = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        module = importlib.import_module(name)
        origin = Path(str(module.__file__ or next(iter(module.__path__)))).resolve()
        if here not in origin.parents:
            raise InputError(
                f"package {name!r} is imported from {origin}, not from {here}: another distribution or a folder "
                "of that name hides it; rename the folder, or install steersman into an environment of its own"
            )


def console() -> int:
    """Entry point of the console script."""
    return exit_status(main)


if __name__ == "__main__":
    sys.exit(console())
