"""Command line: published data, fits and their uncertainty, comparison of runs with data, reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import datasets, figures, printed
from analysis.data import command as data_command
from analysis.inference import command as infer_command
from analysis.models import MODELS
from analysis.options import fit_of, fits_of
from plasticity import rules
from plasticity.support import catalog
from plasticity.support.cli import Parser, check_files, exit_status, positive, whole

if TYPE_CHECKING:
    import xarray as xr

    from analysis.compare import Comparison


RULES = "rules (those that react to spikes or to a third factor can be fitted; the others run on loss landscapes)"


def main(argv: list[str]) -> None:
    """Run one command; results go to standard output, warnings to standard error."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m analysis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text)
        command.set_defaults(command=run)
        return command

    add("list", _list, "published data, rules and figures")
    kinds = add("kinds", _kinds, "what a file of measurements can state: columns, and an example of each kind")
    kinds.add_argument("--example", metavar="KIND", help="print the example of one kind alone, a file that loads")
    data_command.add_arguments(
        add("read", data_command.run, "read paired recordings from NWB files by a mapping, and write them as a table")
    )
    add("bibliography", _bibliography, "cited papers in BibTeX")

    fit = add("fit", _fit, "fit a rule or model to data, or evaluate it if nothing is free")
    fit.add_argument(
        "--cross-validate",
        nargs="?",
        const="protocol",
        metavar="UNIT",
        help="refit without each protocol, or without each value of the coordinate UNIT",
    )
    fit.add_argument("--intervals", action="store_true", help="sample the posterior for 95 %% intervals (needs emcee)")
    fit.add_argument("--recover", action="store_true", help="recover the parameters from synthetic data")
    posterior = add("posterior", _posterior, "sample the posterior of the free parameters")
    posterior.add_argument("--steps", type=whole(1), default=6000, metavar="N", help="maximum (default 6000)")
    recover = add("recover", _recover, "recover parameters from synthetic data")
    recover.add_argument("--sets", type=whole(1), default=50, metavar="N", help="synthetic data sets (default 50)")
    recover.add_argument("--calibrate", action="store_true", help="test the posterior by ranks of the truth, too")
    for command in (fit, posterior, recover):
        command.add_argument("rule", metavar="RULE|FILE.py", help="a rule or model of `list`, or a file with your own")
        command.add_argument("--free", default="", metavar="P,Q", help="free parameters, separated by commas")
        command.add_argument(
            "--bounds", nargs="+", action="extend", default=[], metavar="P=LOW:HIGH", help="bounds in SI units"
        )
        command.add_argument(
            "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="arguments of the rule or model"
        )
        command.add_argument("--weight-bounds", metavar="LOW:HIGH", help="clip the weight, which starts at 1")
        command.add_argument("--values", action="store_true", help="choices: learn expected rewards (Q-learning)")
        command.add_argument("--in-proportion", action="store_true", help="every change is in proportion to the weight")

    confusion = add("confusion", _confusion, "model recovery: confusion matrix of rules")
    confusion.add_argument("rules", nargs="+", metavar="RULE:P,Q", help="rules (or FILE.py) and their free parameters")
    confusion.add_argument("--sets", type=whole(1), default=20, metavar="N", help="synthetic data sets (default 20)")
    confusion.add_argument("--criterion", choices=("aic", "bic"), default="aic")
    discriminate = add("discriminate", _discriminate, "protocol that best discriminates two rules")
    discriminate.add_argument("rules", nargs=2, metavar="RULE:P,Q", help="two rules and their free parameters")
    discriminate.add_argument("--noise", type=positive, metavar="SEM", help="standard error of the new measurement")
    discriminate.add_argument(
        "--pairs", type=whole(1), default=60, metavar="N", help="pairs per experiment (default 60)"
    )

    for command in (fit, posterior, recover, confusion, discriminate):
        command.add_argument("--data", required=True, metavar="NAME|FILE", help="published data, FILE.csv or a folder")
        command.add_argument(
            "--missing-errors",
            choices=("pool", "drop"),
            help="points without a standard error: pool one over their group, or drop them",
        )
        command.add_argument("--starts", type=whole(1), default=10, metavar="N", help="number of starts (default 10)")
        command.add_argument("--seed", type=whole(), default=0, metavar="N")
        command.add_argument("-o", "--output", metavar="FILE.nc", help="file for the complete result")

    discriminate.set_defaults(scatter=None)
    for command in (fit, posterior, recover, confusion):
        command.add_argument(
            "--noise",
            dest="scatter",
            metavar="NAME[:UNIT]",
            help="known, student (errors from n measurements), between (units differ), robust (outliers) or "
            "correlated (default known); binomial (default) or beta-binomial for successes; model: its own density",
        )

    infer = add(
        "infer", infer_command.run, "infer the assumptions of a learner from its paths, or from trials of adaptation"
    )
    infer_command.add_arguments(infer)

    table = add("table", _table, "fit every candidate model to every benchmark and write one page")
    table.add_argument("--data", nargs="+", default=[], metavar="NAME", help="benchmarks (default: all)")
    table.add_argument("--workers", type=whole(1), metavar="N", help="processes (default: one per processor)")
    table.add_argument("--seed", type=whole(), default=0, metavar="N")
    compare = add("compare", _compare, "print the agreement of runs with data")
    report = add("report", _report, "write a figure, a Markdown text and an HTML page")
    for command in (compare, report):
        command.add_argument("runs", nargs="+", metavar="FILE.nc")
        command.add_argument("--data", metavar="NAME|FILE", help="default: the data set that the runs name")
    for command in (table, report):
        command.add_argument("-o", "--output", required=True, metavar="DIR")
    draw = add(
        "draw", _draw, "draw runs: a figure for each thing that a file of a circuit holds, or that of a scenario"
    )
    draw.add_argument("runs", nargs="+", metavar="FILE.nc", help="several, with other seeds, make a learning curve")
    draw.add_argument("--kind", metavar="NAME", help="one figure alone, see `list`")
    draw.add_argument(
        "-o", "--output", metavar="DIR", help="folder for FILE-KIND.png (default: that of the first FILE)"
    )
    explorer = add(
        "explorer", _explorer, "write one page on which assumptions are moved and the optimal learner follows"
    )
    explorer.add_argument("-o", "--output", required=True, metavar="FILE.html", help="complete in itself, no network")
    return parser


def _list(arguments: argparse.Namespace) -> None:
    print(f"models (see docs/data.md for a file of your own): {', '.join(sorted(MODELS))}\n")
    for heading, package in (("data sets", datasets), (RULES, rules), ("figures", figures)):
        names = package.names()
        print(f"{heading}:")
        for name in names:
            print(f"  {name:<{max(map(len, names))}}  {catalog.title(package.__name__, name)}")


def _kinds(arguments: argparse.Namespace) -> None:
    from analysis.data.examples import describe, example

    print(describe() if arguments.example is None else example(arguments.example))


def _bibliography(arguments: argparse.Namespace) -> None:
    from analysis.pages.bibliography import as_bibtex

    print(as_bibtex(), end="")


def _fit(arguments: argparse.Namespace) -> None:
    from analysis.fitted_run import as_dataset
    from analysis.leave_out import leave_out
    from analysis.posterior import posterior, sampling_libraries
    from analysis.recover import recover

    _check_output(arguments)
    if arguments.intervals:
        sampling_libraries()
    fitted = fit_of(arguments)
    printed.print_fit(fitted)
    left = samples = recovery = None
    if arguments.cross_validate:
        left = leave_out(fitted, arguments.cross_validate, seed=arguments.seed)
        print(
            f"left out by {left.unit}: score {left.score:.3f} ± {left.standard_error:.3f} over {len(left.units)}, "
            f"E = {left.error:.4f}"
        )
    if arguments.intervals:
        samples = posterior(fitted, seed=arguments.seed)
        printed.print_samples(samples)
    if arguments.recover:
        recovery = recover(fitted, seed=arguments.seed)
        printed.print_recovery(recovery)
    _finish(as_dataset(fitted, left, samples, recovery), arguments)


def _posterior(arguments: argparse.Namespace) -> None:
    from analysis.posterior import posterior, sampling_libraries

    _check_output(arguments)
    sampling_libraries()
    samples = posterior(fit_of(arguments), max_steps=arguments.steps, seed=arguments.seed)
    printed.print_samples(samples)
    _finish(samples, arguments)


def _recover(arguments: argparse.Namespace) -> None:
    from analysis.recover import recover

    _check_output(arguments)
    recovery = recover(fit_of(arguments), arguments.sets, seed=arguments.seed, calibrate=arguments.calibrate)
    printed.print_recovery(recovery)
    _finish(recovery, arguments)


def _confusion(arguments: argparse.Namespace) -> None:
    from analysis.confusion import confusion

    _check_output(arguments)
    result = confusion(fits_of(arguments), arguments.sets, arguments.criterion, seed=arguments.seed)
    printed.print_confusion(result)
    _finish(result, arguments)


def _discriminate(arguments: argparse.Namespace) -> None:
    from analysis.discriminate import discriminate
    from analysis.posterior import sampling_libraries

    _check_output(arguments)
    if any(":" in rule for rule in arguments.rules):
        sampling_libraries()
    first, second = fits_of(arguments)
    result = discriminate(first, second, n_pairs=arguments.pairs, noise=arguments.noise, seed=arguments.seed)
    printed.print_discrimination(result)
    _finish(result, arguments)


def _table(arguments: argparse.Namespace) -> None:
    from analysis.table import table

    printed.print_cells(table(arguments.output, arguments.data, arguments.workers, arguments.seed))
    print(f"\n{arguments.output}/table.html")


def _compare(arguments: argparse.Namespace) -> None:
    from analysis.compare import compare

    _print_comparison(compare(arguments.runs, arguments.data))


def _report(arguments: argparse.Namespace) -> None:
    from analysis.compare import compare
    from analysis.report import report

    check_files({"--output": Path(arguments.output, "report.html")}, arguments.runs)
    comparison = compare(arguments.runs, arguments.data)
    paths = report(comparison, arguments.output)
    _print_comparison(comparison)
    print(*paths, sep="\n")


def _draw(arguments: argparse.Namespace) -> None:
    first = Path(arguments.runs[0])
    folder = first.parent if arguments.output is None else Path(arguments.output)
    check_files({"--output": folder / "figure.png"}, arguments.runs)
    if arguments.kind is not None:
        figures.load(arguments.kind)  # an unknown name is an error before anything is read
    from analysis.pages.figure_parts import save
    from plasticity.dataset import read

    for name, figure in figures.drawable(*(read(path) for path in arguments.runs), kind=arguments.kind):
        path = folder / f"{first.stem}-{name}.png"
        save(figure, path)
        print(path)


def _explorer(arguments: argparse.Namespace) -> None:
    from analysis.explorer.page import write

    write(arguments.output)
    print(arguments.output)


def _print_comparison(comparison: Comparison) -> None:
    from analysis.compare import COLUMNS, rows

    printed.print_table([COLUMNS, *rows(comparison)])
    printed.warn(f"{score.label}: {warning}" for score in comparison.scores for warning in score.warnings)


def _check_output(arguments: argparse.Namespace) -> None:
    check_files({"--output": arguments.output}, [arguments.data])


def _finish(result: xr.Dataset, arguments: argparse.Namespace) -> None:
    """Print warnings; write the result if there is an output file, and print its path."""
    from plasticity.dataset import write

    printed.warn(result.attrs.get("warnings", "").splitlines())
    if arguments.output:
        print(write(result, arguments.output))


if __name__ == "__main__":
    sys.exit(exit_status(main))
