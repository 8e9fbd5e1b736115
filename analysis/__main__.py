"""Command line: list published data, fit a rule, compare runs with data, write a report."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from analysis import datasets, figures
from analysis.commands.arguments import add_fit_options, fit_of, print_table, warn
from analysis.commands.inference import add_inference_commands, further, print_fit
from plasticity import rules
from plasticity.support import catalog
from plasticity.support.cli import exit_status

if TYPE_CHECKING:
    from analysis.compare import Comparison

RULES = "rules (those that react to spikes or to a third factor can be fitted; the others run on loss landscapes)"


def main(argv: list[str]) -> None:
    """Carry out one command; results go to standard output."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analysis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="published data, rules and figures").set_defaults(command=_list)
    commands.add_parser("bibliography", help="cited papers in BibTeX").set_defaults(command=_bibliography)

    fit = commands.add_parser("fit", help="fit a rule to data, or evaluate it if nothing is free")
    add_fit_options(fit)
    fit.add_argument(
        "--cross-validate",
        nargs="?",
        const="protocol",
        metavar="UNIT",
        help="refit without each protocol, or without each value of the coordinate UNIT",
    )
    fit.add_argument("--intervals", action="store_true", help="sample the posterior for 95 %% intervals (needs emcee)")
    fit.add_argument("--recover", action="store_true", help="recover the parameters from synthetic data")
    fit.add_argument("-o", "--output", metavar="FILE.nc", help="write the predictions, to be compared")
    fit.set_defaults(command=_fit)
    add_inference_commands(commands)

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
    kinds = (("data sets", datasets), (RULES, rules), ("figures", figures))
    for heading, package in kinds:
        names = package.names()
        print(f"{heading}:")
        for name in names:
            print(f"  {name:<{max(map(len, names))}}  {catalog.title(package.__name__, name)}")


def _bibliography(arguments: argparse.Namespace) -> None:
    from analysis.pages.bibliography import as_bibtex

    print(as_bibtex(), end="")


def _fit(arguments: argparse.Namespace) -> None:
    from analysis.fit import as_dataset
    from plasticity.dataset import check_writable, write

    if arguments.output:
        check_writable(arguments.output)
    fitted = fit_of(arguments)
    print_fit(fitted)
    left, samples, recovery = further(fitted, arguments)
    run = as_dataset(fitted, left, samples, recovery)
    warn(run.attrs["warnings"].splitlines())
    if arguments.output:
        print(write(run, arguments.output))


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


def _print_comparison(comparison: Comparison) -> None:
    from analysis.compare import COLUMNS, rows

    print_table([COLUMNS, *rows(comparison)])
    warn(f"{score.label}: {warning}" for score in comparison.scores for warning in score.warnings)


if __name__ == "__main__":
    sys.exit(exit_status(main))
