"""The commands of inference: posterior, recovery, confusion, design of experiments, the table of rules."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from analysis.commands.arguments import add_data_options, add_fit_options, data_of, fit_of, print_table, rule_of, warn

if TYPE_CHECKING:
    import xarray as xr

    from analysis.fit import Fit
    from analysis.leave_out import LeftOut

__all__ = ["add_inference_commands", "further", "print_fit"]


def add_inference_commands(commands: argparse._SubParsersAction) -> None:
    """Add the sub-commands of inference to a parser."""
    sample = commands.add_parser("posterior", help="sample the posterior of the free parameters")
    add_fit_options(sample)
    sample.add_argument("--steps", type=int, default=6000, metavar="N", help="longest run (default 6000)")
    sample.set_defaults(command=_posterior)

    recover = commands.add_parser("recover", help="which parameters come back from synthetic data")
    add_fit_options(recover)
    recover.add_argument("--sets", type=int, default=50, metavar="N", help="synthetic data sets (default 50)")
    recover.set_defaults(command=_recover)

    confusion = commands.add_parser("confusion", help="which rule would be mistaken for which")
    confusion.add_argument("rules", nargs="+", metavar="RULE:P,Q", help="rules and their free parameters")
    confusion.add_argument("--sets", type=int, default=20, metavar="N", help="synthetic data sets (default 20)")
    confusion.add_argument("--criterion", choices=("aic", "bic"), default="aic")
    confusion.set_defaults(command=_confusion)

    design = commands.add_parser("discriminate", help="which protocol best tells two rules apart")
    design.add_argument("rules", nargs=2, metavar="RULE:P,Q", help="two rules and their free parameters")
    design.add_argument("--noise", type=float, metavar="SEM", help="standard error of the new measurement")
    design.add_argument("--pairs", type=int, default=60, metavar="N", help="pairs per experiment (default 60)")
    design.set_defaults(command=_discriminate)

    for command in (confusion, design):
        add_data_options(command)
    for command in (sample, recover, confusion, design):
        command.add_argument("-o", "--output", metavar="FILE.nc", help="write everything")

    table = commands.add_parser("table", help="fit every rule to every data set and write one page")
    table.add_argument("-o", "--output", required=True, metavar="DIR")
    table.add_argument("--data", nargs="+", default=[], metavar="NAME", help="benchmarks (default: all)")
    table.add_argument("--workers", type=int, metavar="N", help="processes (default: one per processor)")
    table.add_argument("--seed", type=int, default=0, metavar="N")
    table.set_defaults(command=_table)


def print_fit(fitted: Fit) -> None:
    """Print parameters and scores of a fit."""
    units = {p.name: p.unit for p in fitted.rule.parameters}
    lines = [("parameter", "value", "standard error", "unit")]
    for name, value in fitted.parameters.items():
        error = f"{fitted.standard_errors[name]:.2g}" if name in fitted.free else "fixed"
        lines.append((name, f"{value:.6g}", error, units[name]))
    print_table(lines)
    print(
        f"\nE = {fitted.error:.4f} over {fitted.n_protocols} protocols, ln L = {fitted.log_likelihood:.3f}, "
        f"AIC = {fitted.aic:.3f}, BIC = {fitted.bic:.3f}, {len(fitted.free)} free parameters"
    )


def further(fitted: Fit, arguments: argparse.Namespace) -> tuple[LeftOut | None, xr.Dataset | None, xr.Dataset | None]:
    """What was asked for beyond the fit: left-out score, posterior, recovery; printed, and returned."""
    left = samples = recovery = None
    if arguments.cross_validate:
        from analysis.leave_out import leave_out

        left = leave_out(fitted, arguments.cross_validate, seed=arguments.seed)
        print(
            f"left out by {left.unit}: score {left.score:.3f} ± {left.standard_error:.3f} over {len(left.units)}, "
            f"E = {left.error:.4f}"
        )
    if arguments.intervals:
        from analysis.posterior import posterior

        samples = posterior(fitted, seed=arguments.seed)
        _print_samples(fitted, samples)
    if arguments.recover:
        from analysis.recover import recover

        recovery = recover(fitted, seed=arguments.seed)
        _print_recovery(recovery)
    return left, samples, recovery


def _posterior(arguments: argparse.Namespace) -> None:
    from analysis.posterior import posterior

    _check_output(arguments)
    fitted = fit_of(arguments)
    samples = posterior(fitted, max_steps=arguments.steps, seed=arguments.seed)
    _print_samples(fitted, samples)
    _finish(samples, arguments)


def _recover(arguments: argparse.Namespace) -> None:
    from analysis.recover import recover

    _check_output(arguments)
    recovery = recover(fit_of(arguments), arguments.sets, seed=arguments.seed)
    _print_recovery(recovery)
    _finish(recovery, arguments)


def _confusion(arguments: argparse.Namespace) -> None:
    from analysis.recover import confusion

    _check_output(arguments)
    fits = _fits(arguments)
    result = confusion(fits, arguments.sets, arguments.criterion, seed=arguments.seed)
    labels = result.chosen.values.tolist()
    rows = zip(labels, result.share.values.tolist(), strict=True)
    print_table([("made by \\ chosen", *labels), *((name, *(f"{x:.2f}" for x in row)) for name, row in rows)])
    _finish(result, arguments)


def _discriminate(arguments: argparse.Namespace) -> None:
    from analysis.discriminate import discriminate

    _check_output(arguments)
    first, second = _fits(arguments)
    result = discriminate(first, second, n_pairs=arguments.pairs, noise=arguments.noise, seed=arguments.seed)
    gain = result.expected_log_bayes_factor
    rows = zip(result.interval.values, gain.values, strict=True)
    lines = [(f"{1e3 * i:+g} ms", *("–" if x != x else f"{x:.2f}" for x in row)) for i, row in rows]
    print_table([("interval", *(f"{f:g} Hz" for f in result.frequency.values)), *lines])
    shares = dict(zip(result.axis.values.tolist(), result.share_of_variance.values.tolist(), strict=True))
    print(
        "\nexpected log Bayes factor per experiment [nats]; "
        f"best protocol {result.attrs['best']}; most informative: {result.attrs['most_informative']} "
        f"(explains {100 * shares[result.attrs['most_informative']]:.0f} % of the variation)"
    )
    _finish(result, arguments)


def _table(arguments: argparse.Namespace) -> None:
    from analysis.table import table

    cells = table(arguments.output, arguments.data, arguments.workers, arguments.seed)
    lines = [("rule", "data", "free", "E", "left-out score", "± s.e.")]
    for cell in cells:
        left = cell.left_out
        scores = (f"{left.score:.1f}", f"{left.standard_error:.1f}") if left else ("–", "–")
        lines.append((cell.label, cell.benchmark, str(cell.n_free), f"{cell.error:.3f}", *scores))
    print_table(lines)
    print(f"\n{arguments.output}/table.html")


def _fits(arguments: argparse.Namespace) -> list[Fit]:
    """Fits of rules that are given as ``RULE:P,Q``."""
    from analysis.fit import fit

    data, fits = data_of(arguments), []
    for text in arguments.rules:
        name, _, free = text.partition(":")
        names = [p.strip() for p in free.split(",") if p.strip()]
        fits.append(fit(rule_of(name, []), data, names, n_starts=arguments.starts, seed=arguments.seed))
        warn(f"{name}: {warning}" for warning in fits[-1].warnings)
    return fits


def _print_samples(fitted: Fit, samples: xr.Dataset) -> None:
    lines = [("parameter", "median", "2.5 %", "97.5 %", "R-hat", "effective samples", "unit")]
    for i, name in enumerate(fitted.free):
        quantiles = samples[name].quantile([0.5, 0.025, 0.975]).values
        size = f"{float(samples.effective_sample_size[i]):.0f}"
        numbers = (*(f"{q:.5g}" for q in quantiles), f"{float(samples.r_hat[i]):.3f}", size)
        lines.append((name, *numbers, samples[name].attrs["units"]))
    print_table(lines)


def _print_recovery(recovery: xr.Dataset) -> None:
    lines = [("parameter", "truth", "covered", "verdict")]
    rows = zip(*(recovery[v].values.tolist() for v in ("parameter", "truth", "coverage", "verdict")), strict=True)
    lines += [(name, f"{truth:.5g}", f"{100 * share:.0f} %", verdict) for name, truth, share, verdict in rows]
    print_table(lines)


def _check_output(arguments: argparse.Namespace) -> None:
    from plasticity.dataset import check_writable

    if arguments.output:
        check_writable(arguments.output)


def _finish(result: xr.Dataset, arguments: argparse.Namespace) -> None:
    """Warnings on standard error; the file, if one was asked for, and its path."""
    from plasticity.dataset import write

    warn(result.attrs.get("warnings", "").splitlines())
    if arguments.output:
        print(write(result, arguments.output))
