"""List the scenarios, describe one, run one, sweep over its parameters, or manage the cache."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support import catalog
from plasticity.support.cli import Parser, check_figure, check_files, exit_status, say
from scenarios.running import options as _options
from scenarios.running.run import title
from scenarios.sweeps import command as _sweep_command

DEMO = ("pair_stdp", "triplet_stdp", "derived_bcm")


def main(argv: list[str]) -> None:
    """Dispatch ``list``, ``describe NAME``, ``run NAME``, ``sweep NAME``, ``demo`` and ``cache``."""
    arguments = _parser().parse_args(argv)
    handlers = {
        "list": _list,
        "describe": _describe,
        "run": _run,
        "sweep": _sweep_command.command,
        "cache": _cache,
        "demo": _demo,
    }
    handlers[arguments.command](arguments)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m scenarios", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name and title of every scenario")
    describe = commands.add_parser("describe", help="question, source, parameters and cost of a scenario")
    run = commands.add_parser("run", help="run a scenario and write one netCDF file")
    for command in (describe, run):
        command.add_argument("name", help="a scenario, see `list`")
        _options.add_arguments(command)
    run.add_argument("--seed", default="0")
    run.add_argument("--device", metavar="cpp|numpy", help="Brian2 device; chosen and reported by default")
    run.add_argument("-o", "--output", metavar="FILE.nc", help="default: results/NAME-SEED.nc")
    run.add_argument("--figure", metavar="FILE.png", help="draw the result as well")
    run.add_argument("--panel", metavar="N", help="draw one panel of the figure, from 1, in the size of a slide")
    _sweep_command.add_command(commands)
    cache = commands.add_parser("cache", help="list the compiled code in the cache, or clear it")
    cache.add_argument("--clear", action="store_true", help="remove all that is not in use; it is rebuilt when needed")
    demo = commands.add_parser("demo", help="compare three rules with measurements of pairing at several frequencies")
    demo.add_argument("-o", "--output", metavar="DIR", default="results/demo", help="default: results/demo")
    return parser


def _list(arguments: argparse.Namespace) -> None:
    names = catalog.names("scenarios")
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {catalog.title('scenarios', name)}")


def _describe(arguments: argparse.Namespace) -> None:
    import dataclasses

    from scenarios.running.run import cost, cost_text, in_words, load

    module = load(arguments.name)
    expected = cost(arguments.name, _options.parameter_values(arguments))
    print(f"{arguments.name}\n\n{(module.__doc__ or '').strip()}\n\nParameters (--set NAME=VALUE)")
    defaults = module.Parameters()
    for f in dataclasses.fields(defaults):
        default = getattr(defaults, f.name)
        meta = f.metadata
        bounds = ", ".join(
            f"{sign} {meta[key]:g}" for key, sign in (("low", ">="), ("high", "<=")) if meta[key] is not None
        )
        allowed = " | ".join(meta["choices"]) or bounds
        unit = "" if meta["unit"] == "1" else f" [{meta['unit']}]"
        print(f"  {f.name} = {in_words(default)}{unit}\n      {meta['help']}{allowed and f' ({allowed})'}")
    if expected:
        print(f"\nExpected cost with these parameters: {cost_text(*expected)}, once compiled code is in the cache")


def _run(arguments: argparse.Namespace) -> None:
    seed = _options.whole_number(arguments.seed, "--seed")
    parameters = _options.parameter_values(arguments)
    output = Path(arguments.output or f"results/{arguments.name}-{seed}.nc")
    title(arguments.name)  # an unknown name is an error before anything is imported
    check_figure(arguments.figure)
    panel = None if arguments.panel is None else _options.whole_number(arguments.panel, "--panel")
    if panel is not None and arguments.figure is None:
        raise InputError(f"--panel {panel} is a panel of a figure; add --figure FILE.png")
    check_files({"--output": output, "--figure": arguments.figure}, [arguments.config])
    from plasticity.dataset import write
    from scenarios.running.run import run

    ds = run(arguments.name, seed, arguments.device, **parameters)
    print(write(ds, output))
    say(f"{arguments.name}: rule {ds.attrs['rule'] or 'none'}, engine {ds.attrs['engine'] or 'none'}")
    if arguments.figure:
        from analysis.figures import draw
        from analysis.pages.figure_parts import save
        from analysis.pages.slide import save_panel

        if panel is None:
            save(draw(ds), arguments.figure)
        else:
            save_panel(draw(ds), panel, arguments.figure)
        print(arguments.figure)


def _demo(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.output)
    check_files({"--output": folder / "report" / "report.html"})
    from analysis.compare import compare
    from analysis.report import report
    from plasticity.dataset import write
    from scenarios.running.run import run

    runs = []
    for rule in DEMO:
        runs.append(write(run("pairing_frequency", rule=rule), folder / f"{rule}.nc"))
        print(runs[-1])
    print(*report(compare(runs), folder / "report"), sep="\n")


def _cache(arguments: argparse.Namespace) -> None:
    from plasticity.support.cache import cache_folder, clear, entries, size_limit

    limit = size_limit()
    listed = clear() if arguments.clear else entries()
    say(f"{'removed from' if arguments.clear else 'cached in'} {cache_folder('')}, limit {limit / 1e6:.0f} MB")
    kinds = sorted({entry.kind for entry in listed})
    for label, chosen in [(kind, [e for e in listed if e.kind == kind]) for kind in kinds] + [("total", listed)]:
        print(f"{label:12} {len(chosen):6} entries {sum(e.size for e in chosen) / 1e6:10.1f} MB")


if __name__ == "__main__":
    sys.exit(exit_status(main))
