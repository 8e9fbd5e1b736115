"""Command line: list published data, fit a rule, compare runs with data, write a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import datasets, figures
from plasticity import catalog, rules
from plasticity.cli import exit_status
from plasticity.errors import InputError

if TYPE_CHECKING:
    from plasticity.rule import Rule


def main(argv: list[str]) -> None:
    """Carry out one command; results go to standard output."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="published data, rules and figures").set_defaults(command=_list)

    fit = commands.add_parser("fit", help="fit a rule to data, or evaluate it if nothing is free")
    fit.add_argument("rule", metavar="RULE")
    fit.add_argument("--data", required=True, metavar="NAME|FILE", help="a published data set, or FILE.csv")
    fit.add_argument("--free", default="", metavar="P,Q", help="free parameters, separated by commas")
    fit.add_argument(
        "--bounds", nargs="+", action="extend", default=[], metavar="P=LOW:HIGH", help="bounds in SI units"
    )
    fit.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="arguments of the rule")
    fit.add_argument("--starts", type=int, default=10, metavar="N", help="number of starts (default 10)")
    fit.add_argument("--seed", type=int, default=0, metavar="N")
    fit.add_argument("-o", "--output", metavar="FILE.nc", help="write the predictions, to be compared")
    fit.set_defaults(command=_fit)

    for name, command, text in (
        ("compare", _compare, "print how well runs agree with data"),
        ("report", _report, "write a figure, a Markdown text and an HTML page"),
    ):
        sub = commands.add_parser(name, help=text)
        sub.add_argument("runs", nargs="+", metavar="FILE.nc")
        sub.add_argument("--data", metavar="NAME|FILE", help="default: the data set that the runs name")
        sub.set_defaults(command=command)
    sub.add_argument("-o", "--output", required=True, metavar="DIR")
    return parser


def _list(arguments: argparse.Namespace) -> None:
    kinds = (("data sets", datasets), ("rules (those that run on spikes can be fitted)", rules), ("figures", figures))
    for heading, package in kinds:
        names = package.names()
        print(f"{heading}:")
        for name in names:
            print(f"  {name:<{max(map(len, names))}}  {catalog.title(package.__name__, name)}")


def _fit(arguments: argparse.Namespace) -> None:
    from analysis.fit import as_dataset, fit
    from plasticity.dataset import check_writable, write

    if arguments.output:
        check_writable(arguments.output)
    fitted = fit(
        _rule(arguments.rule, arguments.set),
        arguments.data,
        free=[name.strip() for name in arguments.free.split(",") if name.strip()],
        bounds=dict(_bounds(text) for text in arguments.bounds),
        n_starts=arguments.starts,
        seed=arguments.seed,
    )
    units = {p.name: p.unit for p in fitted.rule.parameters}
    table = [("parameter", "value", "standard error", "unit")]
    for name, value in fitted.parameters.items():
        error = f"{fitted.standard_errors[name]:.2g}" if name in fitted.free else "fixed"
        table.append((name, f"{value:.6g}", error, units[name]))
    _print_table(table)
    print(
        f"\nE = {fitted.error:.4f} over {fitted.n_protocols} protocols, ln L = {fitted.log_likelihood:.3f}, "
        f"AIC = {fitted.aic:.3f}, BIC = {fitted.bic:.3f}, {len(fitted.free)} free parameters"
    )
    for warning in fitted.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if arguments.output:
        print(write(as_dataset(fitted), arguments.output))


def _compare(arguments: argparse.Namespace) -> None:
    from analysis.compare import compare

    _print_comparison(compare(arguments.runs, arguments.data))


def _report(arguments: argparse.Namespace) -> None:
    from analysis.compare import compare
    from analysis.report import report

    comparison = compare(arguments.runs, arguments.data)
    paths = report(comparison, arguments.output)
    _print_comparison(comparison)
    print(*paths, sep="\n")


def _print_comparison(comparison) -> None:
    from analysis.compare import COLUMNS, rows

    _print_table([COLUMNS, *rows(comparison)])
    for score in comparison.scores:
        for warning in score.warnings:
            print(f"warning: {score.label}: {warning}", file=sys.stderr)


def _print_table(table: Sequence[Sequence[str]]) -> None:
    """Columns of equal width; the first is flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]))


def _rule(name: str, settings: Sequence[str]) -> Rule:
    """Make the rule `name` with arguments given as KEY=VALUE; a value that is no number stays text."""
    values = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set takes KEY=VALUE, got {text!r}")
        values[key] = _number_or_text(value)
    try:
        return rules.resolve(name, values)
    except TypeError as error:
        raise InputError(f"rule {name!r} cannot be made with {' '.join(settings)}: {error}") from error


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


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


if __name__ == "__main__":
    sys.exit(exit_status(main))
