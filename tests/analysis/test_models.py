"""Models from a user's file and by name, fitted to data of every kind by one command."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

import circuits
from analysis import datasets, fit
from analysis.__main__ import main
from analysis.data.examples import example
from analysis.data.kinds import KINDS
from analysis.models import make_model
from circuits import Circuit, Population, Projection
from plasticity import Controllability, compile_rule
from plasticity.dataset import read
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.support.cli import exit_status

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
LEVEL = "import numpy as np\n\ndef level(parameters, protocol):\n    return np.full(protocol.sizes['protocol'], "
LEVEL += "parameters['height'])\n"


def status(*arguments):
    return exit_status(main, list(arguments))


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def fitted(run, name):
    """Value of a fitted parameter in the file of a run."""
    return json.loads(read(run).attrs["rule_values"])[name]


@pytest.mark.parametrize("kind", KINDS)
def test_a_level_is_the_mean_in_data_of_every_kind(kind, tmp_path, capsys):
    """Weighted by 1/sem², the share of successes, and the geometric mean of times that all were seen."""
    text = example(kind)
    if kind == "times":
        text = "\n".join(line for line in text.splitlines() if not line.startswith("mouse_2"))
    data, model = written(tmp_path / "mine.csv", text), written(tmp_path / "level.py", LEVEL)
    of, run = datasets.load(data), str(tmp_path / "fit.nc")
    y, weight = of.value.values, of.n.values if KINDS[kind].counts else of["sem"].values ** -2
    expected = np.exp(np.mean(np.log(y))) if kind == "times" else np.average(y, weights=weight)
    low = 0.001 if KINDS[kind].counts else -100
    bounds = f"height={low}:{0.999 if KINDS[kind].noise == 'binomial' else 100}"
    assert status("fit", model, "--data", data, "--free", "height", "--bounds", bounds, "-o", run) == 0
    assert "1 free parameter" in capsys.readouterr().out
    assert_allclose(fitted(run, "height"), expected, rtol=2e-4)


def example_of_page(heading, file, tmp_path):
    """Words of the command of a section of the page, whose model and tables are written to a folder."""
    section = PAGE.partition(heading)[2].partition("\n##")[0]
    code, tables, command = (re.search(rf"```{x}\n(.*?)```", section, re.DOTALL)[1] for x in ("python", "text", "sh"))
    model = written(tmp_path / file, code)
    names = tables.splitlines()[0].split()
    starts = [tables.index(name) for name in names]
    for name, start, end in zip(names, starts, (*starts[1:], None), strict=True):
        cells = [line[start:end].strip() for line in tables.splitlines()[1:]]
        written(tmp_path / name, "\n".join(filter(None, cells)))
    return [{"FOLDER": str(tmp_path), file: model}.get(word, word) for word in shlex.split(command)[3:]]


def test_the_density_of_the_page_is_fitted_by_its_command(tmp_path, capsys):
    """Five cells respond, three do not: the likelihood of the mixture by SciPy is largest where the command says."""
    run = str(tmp_path / "fit.nc")
    words = example_of_page("### A density of your own", "responders.py", tmp_path)
    assert status(*words, "-o", run) == 0
    assert "noise: the density that the model states itself" in capsys.readouterr().out
    dose, y = np.array([1, 2, 4, 1, 2, 4, 2, 4]), np.array([0.31, 0.03, 1.02, -0.05, 0.46, 0.97, 0.57, 0.08])

    def cost(u):
        return -np.sum(np.log(u[0] * stats.norm.pdf(y, u[1] * dose, u[2]) + (1 - u[0]) * stats.norm.pdf(y, 0, u[2])))

    best = optimize.minimize(cost, [0.6, 0.25, 0.06], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    assert_allclose([fitted(run, name) for name in ("share", "gain", "sd")], best.x, rtol=1e-4)
    assert_allclose(float(read(run).log_density.sum()), -best.fun, rtol=1e-8)
    assert status("compare", run, "--data", words[3]) == 0
    assert f"{-best.fun:.2f}" in capsys.readouterr().out


def test_the_example_of_the_page_is_fitted_by_its_command(tmp_path, capsys):
    """Linear in both parameters: the normal equations, weighted by n/sd²."""
    words = example_of_page("### What no rule knows", "latency.py", tmp_path)
    run = str(tmp_path / "fit.nc")
    assert status(*[word for word in words if word != "student"][:-1], "-o", run) == 0
    design = np.array([[1, -1], [1, -4], [1, -4], [1, -2], [1, -1 / 3]])
    root = np.sqrt([9, 8, 9, 8, 7]) / [6, 5, 6, 7, 6]
    best = np.linalg.lstsq(design * root[:, None], root * [41, 22, 27, 35, 43], rcond=None)[0]
    assert_allclose([fitted(run, name) for name in ("dark", "gain")], best, rtol=1e-4)
    assert status(*words) == 0
    assert "2 free parameters" in capsys.readouterr().out


def test_normalised_neighbours_of_the_page_are_those_of_a_circuit(tmp_path):
    """Ten inputs, of which one or five are stimulated: the circuit whose incoming weights keep their sum."""
    run = str(tmp_path / "fit.nc")
    assert status(*example_of_page("### Neighbours", "normalised.py", tmp_path), "-o", run) == 0
    rule = pair_stdp(A_plus=fitted(run, "A_plus"), A_minus=fitted(run, "A_minus"))
    limits = Controllability(conserved="incoming")
    for name, change in zip(read(run).protocol.values, read(run).weight_change.values, strict=True):
        trains = (0.11, 0.10) if "late" in name else (0.10, 0.11)
        n = 1 if "few" in name else 5
        inputs = Population("inputs", [np.array([trains[0]])] * n + [np.empty(0)] * (10 - n))
        cell = Population("cell", [np.array([trains[1]])])
        synapses = Projection(rule=compile_rule(rule), **circuits.all_to_all("w", inputs, cell, weight=1.0))
        circuit = Circuit("neighbours", (inputs, cell), (synapses,))
        final = circuits.run(circuit, 1.0, device="numpy", controllability=limits).final["w"]
        assert_allclose(final - 1, [change] * n + [-change * n / (10 - n)] * (10 - n), rtol=1e-9)


def test_single_cells_of_the_page_are_fitted_by_its_command(tmp_path, capsys):
    """Two cells of each protocol, alike but for ±0.1: τ is estimated, and the cells are the units that are left out."""
    section = PAGE.partition("### Single cells")[2]
    header, command = re.findall(r"```text\n(.*?)\n```", section, re.DOTALL)[:2]
    protocols = (("0.01,10,30,1,0", 0.3), ("-0.01,10,30,1,0", -0.2), ("0.01,100,5,6,0.2", 0.4))
    rows = [f"{i}{s:+},c{i}{s:+},{p},{v + 0.1 * s},0.02,20" for i, (p, v) in enumerate(protocols) for s in (-1, 1)]
    data = written(tmp_path / "cells.csv", "\n".join([header, *rows]))
    assert status(*[{"cells.csv": data}.get(word, word) for word in shlex.split(command)[3:]]) == 0
    text = capsys.readouterr().out
    assert "left out by cell" in text
    assert "over 6" in text
    assert float(re.search(r"tau = ([0-9.]+)", text)[1]) > 0.05


def test_models_have_names_and_arguments(tmp_path, capsys):
    """One state on the median reaches, from its starting values: the run of `state_space` in Python."""
    from analysis import fit, state_space

    run = str(tmp_path / "fit.nc")
    assert status("fit", "state_space", "--data", "thart_reach", "--set", "n_states=1", "-o", run) == 0
    assert_allclose(read(run).weight_change, fit(state_space(1), "thart_reach").predictions)
    assert status("list") == 0
    assert "state_space" in capsys.readouterr().out


MODEL = """from plasticity import Parameter
from analysis import Model

def line(power=1.0) -> Model:
    def predict(parameters, protocol):
        return parameters["slope"] * protocol.frequency.values ** power
    return Model("line", "a line", predict, (Parameter("slope", 0.001),))
"""


def test_a_model_with_values_needs_no_bounds(tmp_path, capsys):
    data, run = written(tmp_path / "mine.csv", example("frequency")), str(tmp_path / "fit.nc")
    model = written(tmp_path / "line.py", MODEL)
    assert status("fit", model, "--data", data, "--free", "slope", "--set", "power=0.5", "-o", run) == 0
    of = datasets.load(data)
    x, y, weight = of.frequency.values**0.5, of.value.values, of["sem"].values ** -2
    assert_allclose(fitted(run, "slope"), np.sum(weight * x * y) / np.sum(weight * x**2), rtol=1e-4)
    assert "slope" in capsys.readouterr().out


def test_a_model_has_its_name_in_python_too():
    models, free = ("state_space", make_model("state_space", {})), ["drive_1"]
    named, made = (fit(model, "thart_reach", free, n_starts=1) for model in models)
    assert named.error == made.error
    assert named.rule.name == "state_space"


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (LEVEL.replace("level", "other"), [], "needs a function of its own name: def level(parameters, protocol)"),
        (LEVEL, ["--free", "height"], "bounds must be stated for the parameters of a function, but height has none"),
        (LEVEL, ["--set", "power=1"], "has no arguments to set (power)"),
        (LEVEL, ["--values"], "--values is for rules"),
        (LEVEL, [], "reads the parameter 'height', which it does not have (it has none)"),
        (LEVEL.replace("np.full", "protocol.dose + np.full"), ["height"], "reads 'dose', which"),
        (LEVEL.replace("np.full", "protocol['dose'] + np.full"), ["height"], "reads 'dose', which"),
        (LEVEL.replace("np.full", "protocol.value + np.full"), ["height"], "without seeing what was measured"),
        (LEVEL.replace("return np", "np"), ["height"], "must predict 2 values, one per protocol"),
        (LEVEL.replace("return np", "return 'x' or np"), ["height"], "must return a number per protocol"),
        ("def level(size=1):\n    return size\n", [], "level.py must return a Model or a Rule"),
        (
            "def level(p, data):\n    return p\n",
            [],
            "needs p, data; a function that predicts is level(parameters, protocol)",
        ),
        ("def level(", [], "cannot be read as Python"),
        (MODEL.replace("line(", "level("), ["--set", "powr=2"], "did you mean 'power'"),
    ],
)
def test_what_a_model_misses_is_named(code, arguments, message, tmp_path, capsys):
    data, model = written(tmp_path / "mine.csv", example("frequency")), written(tmp_path / "level.py", code)
    if arguments == ["height"]:
        arguments = ["--free", "height", "--bounds", "height=0:1"]
    assert status("fit", model, "--data", data, *arguments) == 2
    assert message in capsys.readouterr().err


def test_unknown_names_and_files(capsys):
    assert status("fit", "state_spce", "--data", "thart_reach") == 2
    assert "did you mean 'state_space'" in capsys.readouterr().err
    assert status("fit", "none.py", "--data", "thart_reach") == 2
    assert "there is no file none.py" in capsys.readouterr().err
