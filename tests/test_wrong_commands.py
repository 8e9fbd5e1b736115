"""Wrong command lines, made from the parsers of all commands: one line names what is wrong, and nothing is made."""

import argparse
import re

import pytest

from analysis import __main__ as analysis
from course import __main__ as course
from plasticity import __main__ as plasticity
from plasticity.support.cli import exit_status
from scenarios import __main__ as scenarios

PACKAGES = {"analysis": analysis, "course": course, "plasticity": plasticity, "scenarios": scenarios}
FIT = ["pair_stdp", "--data", "wang_2005"]
RIGHT = {  # arguments with which a command would work, and so those beside a wrong one
    ("analysis", "fit"): FIT,
    ("analysis", "posterior"): [*FIT, "--free", "A_plus"],
    ("analysis", "recover"): [*FIT, "--free", "A_plus"],
    ("analysis", "confusion"): ["pair_stdp", "triplet_stdp", "--data", "wang_2005"],
    ("analysis", "discriminate"): ["pair_stdp", "triplet_stdp", "--data", "wang_2005"],
    ("analysis", "infer"): ["thart_reach"],
    ("analysis", "explorer"): ["-o", "/dev/null/none"],
    ("analysis", "table"): ["-o", "table"],
    ("analysis", "compare"): ["none.nc"],
    ("analysis", "report"): ["none.nc", "-o", "report"],
    ("analysis", "draw"): ["none.nc"],
    ("analysis", "read"): [
        "none.nwb",
        "-o",
        "pairs.csv",
        "--map",
        "pre=unit:1",
        "post=unit:2",
        "test=t",
        "induction=i",
    ],
    ("course", "start"): ["objective", "--copy"],
    ("course", "grade"): ["nowhere"],
    ("plasticity", "card"): ["oja"],
    ("plasticity", "conformance"): ["pair_stdp", "-o", "kit.json"],
    ("plasticity", "explain"): ["gradient_descent"],
    ("plasticity", "export"): ["adam", "--format", "torch", "-o", "/dev/null/none"],
    ("scenarios", "describe"): ["horizon"],
    ("scenarios", "run"): ["horizon", "--quick"],
    ("scenarios", "sweep"): ["horizon", "--quick"],
}
NO_NUMBER = ["", "x", "nan", "1_0", "\u0663", "0x10", "--1", "1,5"]
NO_COUNT = [*NO_NUMBER, "-1", "1.5", "inf", "9" * 400]
NO_NAME = ["", "nobody", "../x", "/", "\u0000", "os", " ", "a" * 10_000]
NO_FILE = ["", "nowhere.toml", ".", "/", "a\u0000b", "binary", "folder", "nowhere/x"]
NO_OUTPUT = [".", "/", "folder", "binary/x.nc", "/proc/x.nc", "/nowhere\u0000.nc"]
NO_PAIR = ["", "x", "=1", "nobody=1", "n_points", "=", "n_points=x", "n_points=1_0"]
WRONG = {
    "--seed": NO_COUNT,
    "--starts": [*NO_COUNT, "0"],
    "--sets": [*NO_COUNT, "0"],
    "--steps": [*NO_COUNT, "0"],
    "--pairs": [*NO_COUNT, "0"],
    "--workers": [*NO_COUNT, "0"],
    "--seeds": [*NO_COUNT, "0"],
    "--seconds": [*NO_NUMBER, "0", "-1", "inf"],
    "--memory": [*NO_NUMBER, "0", "-1", "inf"],
    "--noise": [*NO_NUMBER, "0", "-1", "inf"],
    "--data": NO_NAME,
    "--free": ["nobody", "a,b", "1", "=", "w", "A_plus,A_plus", "../x", "A_plus;A_minus"],
    "--bounds": ["x", "A_plus", "A_plus=", "A_plus=1", "A_plus=1:x", "=1:2", "A_plus=1_0:20", "nobody=1:2"],
    "--example": NO_NAME,
    "--map": ["", "x", "=1", "nobody=1", "=", "threshold_mV=x", "window_ms=1", "window_ms=1:x", "before_ms=1;0"],
    "--weight-bounds": ["", "x", "1", "1:x", "1:0", "2:3", "0:1_0"],
    "--criterion": NO_NAME,
    "--missing-errors": NO_NAME,
    "--discount": [*NO_NUMBER, "-1"],
    "--plasticity": [*NO_NUMBER, "-1", "0", "inf"],
    "--loss-weight": [*NO_NUMBER, "-1", "0", "inf"],
    "--hazard": [*NO_NUMBER, "-1", "inf"],
    "--duration": [*NO_NUMBER, "-1", "0"],
    "--metric": NO_NAME,
    "--drift": NO_NAME,
    "--belief": NO_NAME,
    "--condition": [*NO_NUMBER, "-1", "0.5", "inf"],
    "--format": NO_NAME,
    "--kind": NO_NAME,
    "--order": NO_COUNT,
    "--device": NO_NAME,
    "--config": NO_FILE[1:],
    "--points": NO_FILE[1:],
    "--grid": ["", "x", "=1", "nobody=1", "discount", "=", "discount=x", "discount=1_0"],
    "--random": [*NO_PAIR, "discount=1", "discount=2,1", "discount=1,2,cubic", "discount=nan,1"],
    "--shard": ["", "x", "1", "0/2", "3/2", "1/2/3", "-1/2", "1/x"],
    "--panel": [*NO_COUNT, "1"],  # without --figure
    "--figure": ["", "f", "f.txt", ".", "folder", "folder/f.jpg", "/proc/x.png", "/"],
}
NO_ARGUMENT = ["", "x", "=1", "nobody=1", "A_plus=x", "=", "os=1", "w=1"]
BY_COMMAND = {("scenarios", "--set"): NO_PAIR, ("analysis", "--set"): NO_ARGUMENT}
FOLDERS = {
    "table",
    "report",
    "draw",
    "sweep",
    "demo",
    "explain",
    "export",
    "start",
    "build",
}  # any place is one for a folder
ELSEWHERE = {  # why an option has no cases here
    "--scheduler": "an address; what does not answer is refused after a time",
    "--n-points": "only with --random",
    "--cross-validate": "checked by tests of leave_out after the fit",
    "--hessian": "matrices: checked by tests of explain",
    "--optimum": "the same",
    "--patterns": "the same",
    "--feedback": "the same",
    "--unknown": "names and values: checked by tests of infer",
    "--known": "the same",
    "--rank": "the same",
    "--components": "the same",
    "--process-noise": "the same",
    "--prior": "the same",
    "--levels": "the same",
    "--stated": "the same",
    "--report": "a folder, as of `report`",
    "--lesson": "names and files: checked by tests of grade",
}


def commands():
    for package, module in PACKAGES.items():
        (choices,) = (a.choices for a in module._parser()._actions if isinstance(a, argparse._SubParsersAction))
        for name, parser in choices.items():
            yield package, name, parser


def valued(parser):
    """Options with a value, by their longest name."""
    return {max(a.option_strings, key=len): a for a in parser._actions if a.option_strings and a.nargs != 0}


def cases():
    for package, name, parser in commands():
        base = [name, *RIGHT.get((package, name), [])]
        yield package, [*base, "--nobody", "1"], "--nobody", "1"
        yield package, [*base, "--see", "1"], "--see", "1"  # an abbreviation
        for option, action in valued(parser).items():
            if action.nargs != "?":
                yield package, [*base, option], option, option
            if option == "--output":
                wrong = [] if name in FOLDERS else NO_OUTPUT
            else:
                wrong = BY_COMMAND.get((package, option), WRONG.get(option, []))
            if option == "--data" and name in ("compare", "report"):
                continue  # the runs are read first
            for value in wrong:
                yield package, [*base, f"{option}={value}"], option, value
        if RIGHT.get((package, name)) and any(not a.option_strings and a.nargs is None for a in parser._actions):
            for value in NO_NAME:
                if (name, value) == ("grade", "/"):
                    continue  # a folder, of which nobody knows what it holds
                yield package, [name, value, *base[2:]], "", value


CASES = list(cases())


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    return tmp_path


@pytest.mark.parametrize(("package", "command"), [(p, n) for p, n, _ in commands()])
def test_a_wrong_command_line_is_answered_by_one_line_and_makes_nothing(package, command, place, capsys):
    before = sorted(place.rglob("*"))
    failures = []
    for _, argv, option, value in (case for case in CASES if case[0] == package and case[1][0] == command):
        try:
            status = exit_status(PACKAGES[package].main, argv)
        except (Exception, SystemExit) as error:
            failures.append(((option, value[:60]), f"{type(error).__name__}: {error}"[:120]))
            continue
        shown = capsys.readouterr()
        message = shown.err.rpartition("error: ")[2]
        name = option.lstrip("-")
        words = {
            name,
            name.replace("-", "_"),
            repr(value),
            f" {value}:",
            *map(repr, (parts := re.split("[=:,]", value))),
        }
        words = {word for word in words if word} | {word for word in (*parts, value[-100:]) if len(word) > 1}
        if status != 2 or not message or sorted(place.rglob("*")) != before:
            failures.append(
                ((option, value[:60]), status, shown.err[-200:], sorted(set(place.rglob("*")) - set(before)))
            )
        elif not any(word in message for word in words):
            failures.append(((option, value[:60]), "does not name it", message[:200]))
    assert not failures, "\n".join(map(str, failures))


def test_every_option_with_a_value_has_wrong_values():
    """Read from the parsers, so that a new option comes with its cases: eight at least."""
    for package, _, parser in commands():
        for option in valued(parser):
            if option not in ELSEWHERE and option != "--output":
                wrong = BY_COMMAND.get((package, option), WRONG.get(option, []))
                assert len(wrong) >= 7, (package, option)


def test_there_are_as_many_cases_as_found_their_way_in_before():
    assert len(CASES) > 500
