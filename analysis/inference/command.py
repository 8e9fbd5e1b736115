"""The command ``infer``."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import datasets
from plasticity.errors import InputError
from plasticity.support.cli import as_number, check_figure, check_files, key_and_value, number_or_text, whole

if TYPE_CHECKING:
    from analysis.inference.answer import Inference
    from plasticity.landscapes import Quadratic
    from plasticity.objective import Objective

FOR_PATHS = (
    "unknown", "known", "prior", "hessian", "optimum", "levels", "metric", "rank", "process_noise", "stated", "figure",
    "report", "output",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "data",
        metavar="FILE.nc|FILE.csv|NAME",
        help="theta(trial, time, parameter); columns trial,time_s,…; or trials of adaptation, see `kinds`",
    )
    parser.add_argument("--unknown", metavar="A,B", help="default: discount,metric")
    many: dict[str, Any] = {"nargs": "+", "action": "extend"}
    parser.add_argument("--known", metavar="NAME=VALUE", help="values of other assumptions", **many)
    parser.add_argument("--prior", metavar="NAME=MEDIAN:SD", help="SD of the logarithm; default: wide", **many)
    parser.add_argument("--hessian", metavar="A,B;C,D", help="curvature of the loss; needed for paths")
    parser.add_argument("--optimum", metavar="A,B", help="its optimum (default 0)")
    parser.add_argument(
        "--levels", metavar="A,B,C", help="factor of the loss in every trial; 0 is a trial without loss"
    )
    parser.add_argument("--metric", metavar="isotropic|diagonal|full", help="default: isotropic")
    parser.add_argument("--rank", type=whole(1), metavar="M", help="number of controls in unknown directions")
    parser.add_argument("--process-noise", metavar="metric|free|none", help="default: metric")
    parser.add_argument("--components", type=whole(1), metavar="M", help="of a belief in trials (default 2)")
    parser.add_argument("--stated", metavar="NAME=VALUE", help="state the cost under discount, metric, … too", **many)
    parser.add_argument("--figure", metavar="FILE.png", help="draw the inference")
    parser.add_argument("--report", metavar="FOLDER", help="write inference.html, with other sets of assumptions")
    parser.add_argument("--seed", type=whole(), default=0, metavar="N")
    parser.add_argument("-o", "--output", metavar="FILE.nc", help="file for the complete result")


def run(arguments: argparse.Namespace) -> None:
    """Infer, print the verdicts, and write what is asked for."""
    check_figure(arguments.figure)
    page = arguments.report and Path(arguments.report, "inference.html")
    check_files({"--output": arguments.output, "--figure": arguments.figure, "--report": page}, [arguments.data])
    if arguments.data not in datasets.names() and not os.path.isfile(arguments.data):
        raise InputError(f"there is no file {arguments.data!r}, and no data set of that name; see `list`")
    if arguments.data in datasets.names() or _holds_trials(arguments.data):
        _trials(arguments)
        return
    if arguments.components is not None:
        raise InputError("--components is for trials of adaptation; paths have none")
    from analysis.infer import infer

    data, landscapes, options = _problem(arguments)
    stated = _stated(arguments.stated)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        answer = infer(data, landscapes, **options)
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    print(answer)
    for name, objective in stated.items():
        from analysis.inference.words import in_percent

        print(f"Under {name} the measured motion costs {in_percent(answer.gap_under(objective))}.")
    _write(arguments, answer, data, landscapes, options, stated)


def _holds_trials(path: str) -> bool:
    """Whether a table is one of measurements (its first column is ``protocol``), not of paths."""
    if not path.endswith(".csv"):
        return False
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.readline().startswith("protocol")


def _trials(arguments: argparse.Namespace) -> None:
    from analysis.inference.trials import infer_trials

    for name in FOR_PATHS:
        if (value := getattr(arguments, name)) is not None:
            raise InputError(f"--{name.replace('_', '-')} {value!r} is for paths; the trials of a data set take none")
    print(infer_trials(datasets.load(arguments.data), arguments.components or 2))


def _problem(arguments: argparse.Namespace) -> tuple[Any, list[Quadratic], dict[str, Any]]:
    """Paths, loss of every trial, and the other arguments of `infer`."""
    from analysis.inference.files import read_paths
    from plasticity.landscapes import Quadratic

    paths, times = read_paths(arguments.data)
    if not arguments.hessian:
        raise InputError("--hessian is needed: the curvature of the loss, such as 3,1;1,0.5")
    hessian = _rows("hessian", arguments.hessian)
    optimum = _rows("optimum", arguments.optimum)[0] if arguments.optimum else [0.0] * len(hessian)
    loss = Quadratic(hessian, optimum)
    levels = _rows("levels", arguments.levels)[0] if arguments.levels else [1.0] * len(paths)
    if len(levels) != len(paths) or min(levels) < 0:
        raise InputError(f"--levels must be {len(paths)} numbers >= 0, one per trial, got {arguments.levels!r}")
    landscapes = {level: Quadratic(level * loss.hessian_matrix, loss.optimum) for level in levels}
    options = {
        "unknown": tuple((arguments.unknown or "discount,metric").split(",")),
        "known": _pairs(arguments.known, "--known"),
        "prior": {name: _two(name, value) for name, value in _pairs(arguments.prior, "--prior").items()},
        "metric": arguments.metric or ("full" if arguments.rank else "isotropic"),
        "rank": arguments.rank,
        "process_noise": arguments.process_noise or "metric",
        "times": times,
        "seed": arguments.seed,
    }
    return paths, [landscapes[level] for level in levels], options


def _write(
    arguments: argparse.Namespace,
    answer: Inference,
    data: Any,
    landscapes: list[Quadratic],
    options: dict[str, Any],
    stated: dict[str, Objective],
) -> None:
    """Figure, report and complete result."""
    if arguments.report:
        from analysis.inference.page import report_inference
        from analysis.inference.sets import compare_assumptions, neighbouring_sets

        n, rank = answer.problem.family.n, options["rank"]
        others = neighbouring_sets(n, options["unknown"], options["metric"], options["known"], rank)
        shared = {name: value for name, value in options.items() if name not in ("unknown", "metric", "rank")}
        sets = compare_assumptions(data, landscapes, others, **shared) if len(data) > 1 else ()
        print(report_inference(answer, arguments.report, sets, stated))
    if arguments.figure or arguments.output:
        from analysis.figures import draw
        from analysis.inference.result import as_dataset
        from analysis.pages.figure_parts import save
        from plasticity.dataset import write

        result = as_dataset(answer)
        if arguments.figure:
            save(draw(result), arguments.figure)
            print(arguments.figure)
        if arguments.output:
            print(write(result, arguments.output))


def _stated(settings: list[str] | None) -> dict[str, Objective]:
    """Objective of the assumptions that are stated, by their text; none if there are none."""
    from plasticity.objective import Objective

    if not settings:
        return {}
    values = _pairs(settings, "--stated")
    strange = set(values) - {"discount", "metric", "plasticity", "loss_weight"}
    if strange or "discount" not in values:
        raise InputError(f"--stated takes discount, metric, plasticity, loss_weight, and needs discount; got {values}")
    words = ", ".join(f"{name} = {value}" for name, value in values.items())
    return {words: Objective(**values)}


def _pairs(settings: list[str] | None, option: str) -> dict[str, Any]:
    pairs = (key_and_value(text, option) for text in settings or ())
    return {key: number_or_text(value) for key, value in pairs}


def _two(name: str, value: object) -> tuple[float, float]:
    """Median and standard deviation of the logarithm."""
    median, _, spread = str(value).partition(":")
    try:
        return as_number(median), as_number(spread)
    except ValueError:
        raise InputError(f"--prior takes NAME=MEDIAN:SD such as {name}=1:0.7, got {value!r}") from None


def _rows(name: str, text: str) -> list[list[float]]:
    """Parse rows separated by semicolons, numbers by commas."""
    try:
        return [[float(number) for number in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise InputError(f"--{name} takes numbers such as 3,1;1,0.5, got {text!r}") from None
