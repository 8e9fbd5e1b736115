"""Inference from paths: calibration, learners that are not of the family, wrong inputs, files."""

import importlib

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.figures import draw
from analysis.infer import infer
from analysis.inference.experiment import Experiment
from analysis.inference.identify import coordinates_of
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.result import as_dataset
from plasticity import Objective, rules, simulate
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from tests.analysis.inference.calibration import KINDS, covered, inferred
from tests.error_bounds import counts

TIMES = np.linspace(0, 6, 31)
BOWL = Quadratic([0.5, 3.0], [0.0, 0.0])


def learner(seed=0, n_trials=4, process_noise="metric"):
    rng = np.random.default_rng(seed)
    experiment = Experiment(BOWL, rng.standard_normal((n_trials, 2)) * 2, TIMES)
    family = make_family(2, ("discount", "metric"), {}, "isotropic", process_noise, None, 0.0)
    u = coordinates_of(family, {"discount": 0.7})
    return recorded_paths(family, u, experiment, rng)


def test_intervals_cover_the_truth_of_learners_from_the_prior():
    """200 learners of four kinds: 90 % and 50 % intervals, each coordinate kind by kind and pooled, exact binomial."""
    kinds = ("isotropic", "diagonal, coupling", "decay", "one control of two")
    hits = {}
    for kind in kinds:
        for seed in range(50):
            names, truth, draws, behind, _ = inferred(KINDS[kind], seed, n_records=10, n_trials=3, n_draws=200)
            assert behind < 1  # the search reached a mode that is as probable as the truth
            for share in (0.5, 0.9):
                inside = covered(truth, draws, share)
                for name, hit in zip(names, inside, strict=True):
                    hits.setdefault((kind, name, share), []).append(hit)
                    hits.setdefault(("all", name.rstrip("_12"), share), []).append(hit)
    for (_, _, share), inside in hits.items():
        low, high = counts(len(inside), share, comparisons=len(hits))
        assert low <= sum(inside) <= high


def test_posterior_is_the_same_with_the_same_seed():
    paths = learner()
    first, second = (infer(paths, BOWL, times=TIMES, check=False, seed=3) for _ in range(2))
    assert np.array_equal(first.draws, second.draws)


def test_a_learner_of_the_family_passes_and_is_nearly_optimal():
    answer = infer(learner(1), BOWL, times=TIMES)
    assert not answer.rejected
    assert 0 <= answer.gap[0] < answer.gap[2] < 0.5
    assert np.isfinite(answer.estimate("metric"))
    assert "Optimality" in str(answer)
    far = answer.gap_under(Objective(70.0, metric=0.01))  # a short horizon: rates in the ratio of the curvatures
    assert far[0] > answer.gap[2]
    assert draw(as_dataset(answer)).axes


def test_adam_is_no_optimal_learner_of_a_quadratic():
    """Its steps do not shrink near the optimum: rejected, and no number is reported."""
    run = simulate(rules.adam(learning_rate=0.05), BOWL, [[2.0, -1.5], [1.0, 2.0], [-2.0, 0.5]], 90, 0.1, n_trials=3)
    rng = np.random.default_rng(0)
    paths = run.theta.values[:, ::3] + 0.01 * rng.standard_normal(run.theta.values[:, ::3].shape)
    answer = infer(paths, BOWL, times=run.time.values[::3])
    assert answer.rejected
    assert np.isnan(answer.estimate("discount"))
    assert "reject" in str(answer)


def test_two_memories_are_no_optimal_learner_of_one_weight():
    """A fast and a slow state, one output: the innovations of any one-rate learner remember."""
    times = np.arange(60) * 0.2
    output = 0.5 * np.exp(-2.0 * times) + 0.5 * np.exp(-0.1 * times)
    rng = np.random.default_rng(1)
    paths = (output + 0.005 * rng.standard_normal((4, 60)))[..., None]
    with pytest.warns(UserWarning, match="two curvatures"):  # of one weight
        answer = infer(paths, Quadratic(1.0, [0.0]), times=times)
    assert answer.checks.memory < 1e-6
    assert answer.rejected


def test_wrong_geometry_shows_as_a_deficit():
    """A rotated full metric analysed as isotropic: a free linear system fits better by many nats."""
    rng = np.random.default_rng(2)
    experiment = Experiment(BOWL, rng.standard_normal((4, 2)) * 2, TIMES)
    family = make_family(2, ("discount", "metric"), {}, "full", "metric", None, 0.0)
    values = {"discount": 0.7, "metric": np.array([[1.0, 0.8], [0.8, 1.0]]), "process_strength": 0.03}
    paths = recorded_paths(family, coordinates_of(family, values), experiment, rng)
    answer = infer(paths, BOWL, times=TIMES)
    assert answer.checks.deficit > 20
    assert answer.rejected


def test_a_short_horizon_is_bounded_from_below_only():
    """γ = 300 /s with rates near 1 /s: the rates show ηk/γ, not γ."""
    rng = np.random.default_rng(5)
    experiment = Experiment(BOWL, rng.standard_normal((4, 2)) * 2, TIMES)
    family = make_family(2, ("discount", "metric"), {}, "isotropic", "free", None, 0.0)
    u = coordinates_of(family, {"discount": 300.0, "metric": 1 / 300, "process_covariance": 1e-4 * np.eye(2)})
    paths = recorded_paths(family, u, experiment, rng)
    prior = {"discount": (10.0, 3.0), "metric": (10.0, 3.0)}
    answer = infer(paths, BOWL, prior=prior, process_noise="free", times=TIMES, check=False)
    assert answer.verdict("discount") == "lower bound"
    assert np.isnan(answer.estimate("discount"))
    assert answer.interval("discount")[0] > 3


WHITE = 1 + 0.1 * np.random.default_rng(0).standard_normal((4, 31, 2))
WRONG = [
    ({"data": np.zeros((1, 3, 2)), "times": [0, 1, 2]}, "4 or more"),
    ({"data": np.ones((2, 31, 2))}, "do not move"),
    ({"data": WHITE}, "white noise"),
    ({"data": np.where([1.0, 0.0], learner(), 0.5)}, "weight 2 does not move"),
    ({"data": np.where(TIMES[:, None] > 0, WHITE - 1, 2.0)}, "at rest"),
    ({"landscapes": Quadratic(0.0, [0.0, 0.0])}, "no trial has a loss"),
    ({"landscapes": Quadratic([1.0, -2.0], [0.0, 0.0])}, "indefinite"),
    ({"data": np.full((2, 31, 2), np.nan)}, "finite"),
    ({"landscapes": Quadratic([1.0, 0.0], [0.0, 0.0])}, "singular"),
    ({"landscapes": Quadratic([1.0], [0.0])}, "landscapes"),
    ({"unknown": ("discuont",)}, "discount"),
    ({"unknown": ()}, "discount must be unknown"),
    ({"unknown": ("control",)}, "BG"),
    ({"known": {"discount": 1.0}}, "known and unknown"),
    ({"known": {"drift_matrix": [[1.0]]}}, "shape"),
    ({"unknown": ("discount", "metric", "drift_matrix", "hazard")}, "hazard goes with a decay"),
    ({"rank": 2, "metric": "full"}, "rank must be from 1 to 1"),
    ({"rank": 1}, "rank is for"),
    ({"known": {"measurement_noise": 0.0}, "process_noise": "none"}, "measurement_noise"),
    ({"prior": {"drift": (1.0, 1.0)}}, "prior"),
    ({"metric": "round"}, "metric"),
    ({"times": TIMES[::-1]}, "increasing"),
    ({"times": TIMES[:5]}, "31 records"),
    ({"n_draws": 1}, "n_draws"),
    (
        {"data": np.cumsum(np.ones((1, 4, 1)), axis=1), "times": [0, 1, 2, 3], "landscapes": Quadratic(1.0, [0.0])},
        "unknowns",
    ),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_cannot_be_inferred_is_refused_before_fitting(change, words):
    arguments = {"data": learner(), "landscapes": BOWL, "times": TIMES} | change
    with pytest.raises(InputError, match=words):
        infer(**arguments)


def test_one_curvature_is_named_before_the_fit(monkeypatch):
    """The warning comes first: the fit that follows may take as long as it likes."""
    module = importlib.import_module("analysis.infer")
    monkeypatch.setattr(module, "best", lambda problem, seed: pytest.fail("the fit begins"))
    with pytest.warns(UserWarning, match="γ needs two curvatures"), pytest.raises(pytest.fail.Exception):
        infer(learner(), Quadratic(2.0, [0.0, 0.0]), process_noise="free", times=TIMES)


def test_time_in_other_units_is_refused():
    run = simulate(rules.gradient_descent(), BOWL, [1.0, 2.0], 20, 0.1)
    run.time.attrs["units"] = "ms"
    with pytest.raises(InputError, match="seconds"):
        infer(run, BOWL)


def test_command_reads_a_table_and_writes_everything(tmp_path, capsys):
    table, figure, result = (str(tmp_path / name) for name in ("paths.csv", "out.png", "out.nc"))
    with open(table, "w", encoding="utf-8") as file:
        file.write("trial,time_s,first,second\n")
        for trial, path in enumerate(learner()):
            file.writelines(f"{trial},{t},{w[0]},{w[1]}\n" for t, w in zip(TIMES.tolist(), path.tolist(), strict=True))
    main(["infer", table, "--hessian", "0.5,0;0,3", "--figure", figure, "-o", result])
    out = capsys.readouterr().out
    assert "discount" in out
    assert result in out
    with pytest.raises(InputError, match="hessian"):
        main(["infer", table])
    with pytest.raises(InputError, match="no file"):
        main(["infer", "nowhere.csv"])
    with open(table, "a", encoding="utf-8") as file:
        file.write("9,0.0,1,1\n")
    with pytest.raises(InputError, match="other times"):
        main(["infer", table, "--hessian", "0.5,0;0,3"])
