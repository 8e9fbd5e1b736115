"""Options of the command line that set parameters: ``--quick``, ``--config FILE.toml``, ``--set KEY=VALUE``."""

from __future__ import annotations

import argparse
from typing import Any

from plasticity.errors import InputError
from plasticity.support.cli import key_and_value, whole


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    command.add_argument("--set", dest="settings", nargs="+", action="extend", default=[], metavar="KEY=VALUE")
    command.add_argument("--config", metavar="FILE.toml", help="parameters; --set overrides them")
    command.add_argument("--quick", action="store_true", help="a run of less than two seconds")


def parameter_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters that differ from the defaults; --set overrides --config, which overrides --quick."""
    from scenarios.running.run import load

    values: dict[str, Any] = dict(load(arguments.name).SMOKE) if arguments.quick else {}
    if arguments.config:
        values |= _config(arguments.config)
    for setting in arguments.settings:
        key, value = key_and_value(setting, "--set")
        values[key] = value
    return values


def whole_number(text: str, option: str, low: int = 0) -> int:
    """Return the text as a whole number >= `low`."""
    try:
        return whole(low)(text)
    except argparse.ArgumentTypeError as error:
        raise InputError(f"{option} {error}") from None


def _config(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path}: {reason}; --config needs a TOML file") from error
