"""The command ``sweep``: a design from the command line, the runs, one file."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from plasticity.errors import FailedRunsError, InputError
from plasticity.support.cli import as_number, key_and_value
from scenarios.running.options import add_arguments, parameter_values, whole_number
from scenarios.running.run import title


def add_command(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    sweep = commands.add_parser("sweep", help="run a scenario for many parameters and seeds, into one Dataset")
    sweep.add_argument("name", help="a scenario, see `list`")
    sweep.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=V1,V2",
        help="values of a swept parameter; V1;V2 where a value has commas itself. Several make a product",
    )
    sweep.add_argument("--points", metavar="FILE.csv", help="points to run: a column per parameter, named in line 1")
    sweep.add_argument(
        "--random", nargs="+", action="extend", default=[], metavar="KEY=LOW,HIGH[,log]", help="random points"
    )
    sweep.add_argument("--n-points", default="100", metavar="N", help="how many random points (100)")
    sweep.add_argument("--seeds", default="1", metavar="N", help="run every point with the seeds 0 … N-1")
    add_arguments(sweep)
    sweep.add_argument("-o", "--output", metavar="DIR", help="default: results/NAME-sweep")
    sweep.add_argument("--resume", action="store_true", help="go on with the sweep that DIR holds")
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", help="processes; default: one per core")
    where.add_argument("--scheduler", metavar="ADDRESS", help="run on the workers of a dask scheduler")
    sweep.add_argument("--shard", metavar="I/N", help="do only the I-th of N parts (job arrays); do not collect")
    sweep.add_argument("--device", metavar="cpp|numpy", help="Brian2 device")


def command(arguments: argparse.Namespace) -> None:
    """Run the sweep and print the path of its Dataset (of its folder for a shard).

    Raises
    ------
    FailedRunsError
        After all other runs, if some failed.
    """
    title(arguments.name)  # an unknown name is an error before anything is imported
    from scenarios.sweeps.sweep import run_sweep

    folder = Path(arguments.output or f"results/{arguments.name}-sweep")
    path, n_failed = run_sweep(
        arguments.name,
        _axes(arguments),
        folder,
        arguments.resume,
        workers=None if arguments.workers is None else whole_number(arguments.workers, "--workers", 1),
        scheduler=arguments.scheduler,
        shard=None if arguments.shard is None else _shard(arguments.shard),
        device=arguments.device,
        fixed=parameter_values(arguments),
    )
    print(path)
    if n_failed:
        raise FailedRunsError(f"{n_failed} runs failed; fix the errors in {folder}/runs/*.error.json and use --resume")


def _axes(arguments: argparse.Namespace) -> tuple[Any, ...]:
    from scenarios.sweeps.design import grid_axes, list_axis, random_points, seed_axis

    grid: dict[str, list[str]] = {}
    for setting in arguments.grid:
        key, values = key_and_value(setting, "--grid")
        if key in grid:
            raise InputError(f"--grid sets {key} twice; list all its values at once")
        grid[key] = values.split(";" if ";" in values else ",")
    if arguments.points and arguments.random:
        raise InputError("--points and --random both name the points; use one of them")
    lists = [list_axis(_table(arguments.points))] if arguments.points else []
    if arguments.random:
        ranges = dict(_range(setting) for setting in arguments.random)
        lists = [list_axis(random_points(ranges, whole_number(arguments.n_points, "--n-points", 1)))]
    return (*grid_axes(grid), *lists, seed_axis(range(whole_number(arguments.seeds, "--seeds", 1))))


def _range(setting: str) -> tuple[str, tuple[Any, ...]]:
    key, text = key_and_value(setting, "--random")
    low, *rest = text.split(",")
    try:
        return key, (as_number(low), as_number(rest[0]), *rest[1:])
    except (ValueError, IndexError):
        raise InputError(f"--random takes KEY=LOW,HIGH or KEY=LOW,HIGH,log, got {setting!r}") from None


def _table(path: str) -> list[dict[str, str]]:
    import csv

    try:
        with open(path, newline="", encoding="utf-8-sig") as file:  # spreadsheets begin their files with a mark
            reader = csv.DictReader(file)
            names, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"cannot read {path}: {error}; check --points") from error
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"line 1 of {path} names {twice[0]!r} twice; remove a column")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"line {number} of {path} has not as many values as line 1 has names")
    return rows


def _shard(text: str) -> tuple[int, int]:
    part, _, whole = text.partition("/")
    if not (part.isdecimal() and whole.isdecimal() and 1 <= int(part) <= int(whole)):
        raise InputError(f"--shard must be I/N with 1 <= I <= N, got {text!r}")
    return int(part), int(whole)
