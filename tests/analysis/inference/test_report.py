"""The report of an inference: predictive checks, sets of assumptions, further experiments, page and command."""

import re

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.figures import draw
from analysis.infer import infer
from analysis.inference.experiment import Experiment
from analysis.inference.further import further_experiments
from analysis.inference.identify import coordinates_of
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.page import report_inference
from analysis.inference.predictive import CHECKS, posterior_predictive
from analysis.inference.result import as_dataset
from analysis.inference.sets import compare_assumptions
from plasticity import Objective
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

BOWL = Quadratic([0.5, 3.0], [0.0, 0.0])
COUPLED = Quadratic([[3.0, 1.0], [1.0, 0.5]], [1.0, -0.5])
TIMES = np.linspace(0, 6, 31)
MEMORY = list(CHECKS).index("memory")


def learner(loss=BOWL, metric="isotropic", process_noise="metric", seed=0, n_trials=4, times=TIMES, **values):
    rng = np.random.default_rng(seed)
    starts = 2.0 * rng.standard_normal((n_trials, loss.n))
    family = make_family(loss.n, ("discount", "metric"), {}, metric, process_noise, None, 0.0)
    values = {"discount": 0.7, **values} | ({"process_strength": 0.03} if process_noise == "metric" else {})
    return recorded_paths(family, coordinates_of(family, values), Experiment(loss, starts, times), rng)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_replicates_have_the_size_of_the_noise_that_is_known(share):
    """The mean square of N innovations is 1 ± sqrt(2/N); 6 of these sd miss the truth less than once in a million."""
    noise = {"process_strength": 0.03 * share, "measurement_noise": 0.03 * share}
    answer = infer(learner(), BOWL, known=noise, times=TIMES, check=False)
    check = posterior_predictive(answer)
    size = list(CHECKS).index("size")
    margin = 6 * np.sqrt(2 / answer.problem.innovations(answer.mode).size)
    assert abs(check.replicated[size].mean() - 1) < margin
    assert (abs(check.observed[size].mean() - 1) < margin) == (share == 1.0)
    assert (check.p[size] == 0) == (share == 0.5)
    low, _, high = check.bands
    assert np.array_equal(low[:, 0], high[:, 0])  # the first record is that of the measurement
    assert np.all(low[:, 1:] < high[:, 1:])


def test_two_memories_leave_records_that_no_replicate_has():
    times = np.arange(60) * 0.2
    output = 0.5 * np.exp(-2.0 * times) + 0.5 * np.exp(-0.1 * times)
    paths = (output + 0.005 * np.random.default_rng(1).standard_normal((4, 60)))[..., None]
    with pytest.warns(UserWarning, match="two curvatures"):  # of one weight
        answer = infer(paths, Quadratic(1.0, [0.0]), times=times, check=False)
    assert posterior_predictive(answer).p[MEMORY] == 0
    assert draw(as_dataset(answer)).subfigs


def test_left_out_trials_prefer_the_true_set_of_assumptions():
    rng = np.random.default_rng(4)
    experiment = Experiment(COUPLED, rng.standard_normal((4, 2)) * 2, TIMES)
    family = make_family(2, ("discount", "metric"), {}, "diagonal", "metric", None, 0.0)
    values = {"discount": 0.7, "metric": [0.3, 3.0], "process_strength": 0.03}
    paths = recorded_paths(family, coordinates_of(family, values), experiment, rng)
    best, other = compare_assumptions(
        paths, COUPLED, {m: {"metric": m} for m in ("isotropic", "diagonal")}, times=TIMES
    )
    assert best.name == "diagonal"
    behind, error = other.behind(best)
    assert behind > 10
    assert behind > 2 * error
    assert best.behind(best) == (0.0, 0.0)


def page_of(answer, folder, **options):
    text = report_inference(answer, folder, **options).read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("metric", "loss", "cure"),
    [
        ("isotropic", Quadratic(2.0, [0.0, 0.0]), "curvatures"),
        ("diagonal", BOWL, "turned"),
        ("full", COUPLED, "times the loss"),
    ],
)
def test_the_experiment_that_could_breaks_the_alias(metric, loss, cure, tmp_path):
    """As the table of identifiability has it, with noise that does not show the metric."""
    paths = learner(loss, metric, "free")
    with pytest.warns(UserWarning, match="γ needs"):
        answer = infer(paths, loss, metric=metric, process_noise="free", times=TIMES, check=False)
    target, ranked = further_experiments(answer)
    errors = dict(ranked)
    assert target == "discount"
    assert errors["as it was"] == errors["every trial twice"] == np.inf
    assert next(error for words, error in ranked if cure in words) < 10
    assert [error for _, error in ranked] == sorted(errors.values())
    if metric == "isotropic":
        page = page_of(answer, tmp_path)
        assert "γ needs two curvatures in one task" in page
        assert '<th scope="row">discount</th><td>alias</td><td>–</td>' in page


def test_page_states_what_is_known_and_what_is_not(tmp_path):
    paths = learner(seed=1)
    answer = infer(paths, BOWL, times=TIMES)
    sets = compare_assumptions(
        paths, BOWL, {"isotropic": {}, "decay": {"unknown": "discount,metric,drift"}}, times=TIMES
    )
    page = page_of(answer, tmp_path, sets=sets, stated={"a short horizon": Objective(70.0, metric=0.01)})
    for line in str(answer).splitlines():
        assert line.replace("'", "&#39;").replace(">", "&gt;").replace("<", "&lt;") in page
    for words in ("Under a short horizon it costs", "Posterior predictive p-values", "every trial twice", sets[1].name):
        assert words in page
    assert {p.name for p in tmp_path.iterdir()} == {
        "inference.html", "inference.md", "posterior.png", "geometry.png", "predictive.png"
    }  # fmt: skip


def test_page_says_a_one_sided_bound_as_such(tmp_path):
    """γ = 300 /s with rates near 1 /s."""
    rng = np.random.default_rng(5)
    experiment = Experiment(BOWL, rng.standard_normal((4, 2)) * 2, TIMES)
    family = make_family(2, ("discount", "metric"), {}, "isotropic", "free", None, 0.0)
    u = coordinates_of(family, {"discount": 300.0, "metric": 1 / 300, "process_covariance": 1e-4 * np.eye(2)})
    prior = {"discount": (10.0, 3.0), "metric": (10.0, 3.0)}
    paths = recorded_paths(family, u, experiment, rng)
    answer = infer(paths, BOWL, prior=prior, process_noise="free", times=TIMES, check=False)
    low = answer.interval("discount")[0]
    assert f"<td>lower bound</td><td>&gt; {low:.3g}</td>" in page_of(answer, tmp_path)


def table_of(paths, path, times=TIMES):
    with open(path, "w", encoding="utf-8") as file:
        file.write("trial,time_s,first,second\n")
        for trial, one in enumerate(paths):
            file.writelines(f"{trial},{t},{w[0]},{w[1]}\n" for t, w in zip(times.tolist(), one.tolist(), strict=True))


def test_command_writes_the_report(tmp_path, capsys):
    table, folder = str(tmp_path / "paths.csv"), tmp_path / "report"
    table_of(learner(n_trials=2), table)
    shared = ["infer", table, "--hessian", "0.5,0;0,3"]
    main([*shared, "--report", str(folder), "--stated", "discount=0.7", "--prior", "discount=1:1", "--levels", "1,1"])
    out = capsys.readouterr().out
    assert "Under discount = 0.7" in out
    assert str(folder / "inference.html") in out
    assert "isotropic metric and decay" in (folder / "inference.md").read_text(encoding="utf-8")
    for wrong, words in (
        (["--levels", "1"], "2 numbers"),
        (["--levels", "1,-1"], ">= 0"),
        (["--prior", "discount=1"], "MEDIAN:SD"),
        (["--stated", "metric=1"], "needs discount"),
        (["--stated", "discount=1", "colour=2"], "colour"),
    ):
        with pytest.raises(InputError, match=words):
            main([*shared, *wrong])
