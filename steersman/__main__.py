"""One command for all packages: ``steersman PACKAGE COMMAND …`` equals ``python -m PACKAGE COMMAND …``."""

from __future__ import annotations

import importlib
import sys

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.cli import exit_status

PACKAGES = ("plasticity", "circuits", "scenarios", "analysis", "course")
SHORTCUTS = {
    "run": "scenarios",
    "sweep": "scenarios",
    "describe": "scenarios",
    "demo": "scenarios",
    "fit": "analysis",
    "compare": "analysis",
    "report": "analysis",
    "derive": "plasticity",
    "explain": "plasticity",
    "card": "plasticity",
    "glossary": "plasticity",
}
USAGE = f"""usage: steersman PACKAGE COMMAND …   one of {", ".join(p for p in PACKAGES if p != "circuits")}
       steersman COMMAND …           short for the package that has it: {", ".join(SHORTCUTS)}
       steersman list                scenarios, rules, signals, beliefs, data sets and figures
Add --help to a command for its options, and --path FILE.py for a rule, signal, circuit, scenario or data set in a file.
"""


def main(argv: list[str]) -> None:
    """Dispatch to the command line of a package."""
    if not argv or argv[0] in ("-h", "--help"):
        print(USAGE, end="")
        return
    first, rest = argv[0], argv[1:]
    if first == "list":
        _list(rest)
        return
    package, arguments = (SHORTCUTS[first], argv) if first in SHORTCUTS else (first, rest)
    if package not in PACKAGES or package == "circuits":
        raise UnknownNameError("command", first, ["list", *SHORTCUTS, *(p for p in PACKAGES if p != "circuits")])
    importlib.import_module(f"{package}.__main__").main(arguments)


def _list(arguments: list[str]) -> None:
    """List all members of all catalogues."""
    if arguments:
        raise InputError(f"list takes no argument, got {arguments[0]!r}; use `steersman PACKAGE list`")
    print("scenarios:")
    for package in ("scenarios", "plasticity", "analysis"):
        importlib.import_module(f"{package}.__main__").main(["list"])


def console() -> int:
    """Entry point of the console script."""
    return exit_status(main)


if __name__ == "__main__":
    sys.exit(console())
