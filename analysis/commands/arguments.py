"""Pieces that the commands of analysis share: fits described by arguments, data, tables on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from plasticity import rules
from plasticity.errors import InputError
from plasticity.support.cli import key_and_value, number_or_text

if TYPE_CHECKING:
    import xarray as xr

    from analysis.fit import Fit
    from plasticity.rule import Rule

__all__ = ["add_fit_options", "data_of", "fit_of", "print_table", "rule_of", "warn"]


def add_fit_options(command: argparse.ArgumentParser) -> None:
    """Options that describe a fit of one rule."""
    command.add_argument("rule", metavar="RULE")
    add_data_options(command)
    command.add_argument("--free", default="", metavar="P,Q", help="free parameters, separated by commas")
    command.add_argument(
        "--bounds", nargs="+", action="extend", default=[], metavar="P=LOW:HIGH", help="bounds in SI units"
    )
    command.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="arguments of the rule"
    )


def add_data_options(command: argparse.ArgumentParser) -> None:
    """Options that describe the data and the search."""
    command.add_argument("--data", required=True, metavar="NAME|FILE", help="a published data set, or FILE.csv")
    command.add_argument(
        "--missing-errors",
        choices=("pool", "drop"),
        help="points without a standard error: pool one over their group, or drop them",
    )
    command.add_argument("--starts", type=int, default=10, metavar="N", help="number of starts (default 10)")
    command.add_argument("--seed", type=int, default=0, metavar="N")


def data_of(arguments: argparse.Namespace) -> xr.Dataset:
    """The data that the arguments name, with missing standard errors treated as they say."""
    from analysis.data.record import with_pooled_errors, without_missing_errors
    from analysis.datasets import load

    data = load(arguments.data)
    if arguments.missing_errors == "pool":
        return with_pooled_errors(data)
    return without_missing_errors(data) if arguments.missing_errors == "drop" else data


def fit_of(arguments: argparse.Namespace) -> Fit:
    """The fit that the arguments describe."""
    from analysis.fit import fit

    return fit(
        rule_of(arguments.rule, arguments.set),
        data_of(arguments),
        free=[name.strip() for name in arguments.free.split(",") if name.strip()],
        bounds=dict(_bounds(text) for text in arguments.bounds),
        n_starts=arguments.starts,
        seed=arguments.seed,
    )


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def print_table(table: Sequence[Sequence[str]]) -> None:
    """Columns of equal width; the first is flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]))


def rule_of(name: str, settings: Sequence[str]) -> Rule:
    """Make the rule `name` with arguments given as KEY=VALUE; a value that is no number stays text."""
    values = {key: number_or_text(value) for key, value in (key_and_value(text, "--set") for text in settings)}
    try:
        return rules.resolve(name, values)
    except TypeError as error:
        raise InputError(f"rule {name!r} cannot be made with {' '.join(settings)}: {error}") from error


def _bounds(text: str) -> tuple[str, tuple[float, float]]:
    """Parse ``NAME=LOW:HIGH``."""
    name, equals, interval = text.partition("=")
    try:
        low, high = map(float, interval.split(":"))
    except ValueError:
        equals = ""
    if not equals:
        raise InputError(f"--bounds takes NAME=LOW:HIGH with two numbers, got {text!r}")
    return name, (low, high)
