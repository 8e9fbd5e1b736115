"""The table of rules and data sets: scores, sentences, and comparison at equal numbers of free parameters."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from analysis.benchmarks import BENCHMARKS, benchmark
from analysis.fit import fit
from analysis.fitting.problem import make_problem
from analysis.leave_out import leave_out
from analysis.table import make_cell, make_cells, table, write_page
from analysis.verdicts import standing
from plasticity import rules
from plasticity.dataset import read
from plasticity.errors import InputError, UnknownNameError

LABELS = [c.label for c in BENCHMARKS["sjostrom_2001"].candidates]


@pytest.fixture(scope="module")
def cells():
    chosen = ("pair, all spikes", "triplet, all spikes", "derived BCM, fixed threshold")
    return [make_cell("sjostrom_2001", LABELS.index(label)) for label in chosen]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_candidate_can_be_fitted_and_has_a_name_of_its_own(name):
    bench = benchmark(name)
    data = bench.load()
    assert np.all(data.sem > 0) or bench.noise == "between"
    assert bench.unit in data.coords
    labels = [candidate.label for candidate in bench.candidates]
    assert len(set(labels)) == len(labels)
    for candidate in bench.candidates:
        problem = make_problem(candidate.make(), data, candidate.free, candidate.bounds, bench.noise)
        assert np.all(np.isfinite(problem.predictions(problem.start[None, :])))
    assert {c.is_derived for c in bench.candidates} == {True, False}, "derived against hand-made"


def test_a_cell_holds_the_fit_and_the_left_out_score(cells):
    pair = cells[0]
    fitted = fit("pair_stdp", "sjostrom_2001", ["A_plus", "A_minus"])
    assert pair.error == pytest.approx(fitted.error, rel=1e-9)
    assert pair.left_out.score == pytest.approx(leave_out(fitted).score, rel=1e-6)
    assert (pair.n_free, pair.derived) == (2, False)
    assert pair.run.attrs["left_out_score"] == pair.left_out.score
    assert pair.sentence.startswith("Rejected (p = 0.00")
    assert pair.p_value == pytest.approx(fitted.p_value, rel=1e-12)
    assert cells[1].sentence.startswith("Not rejected")
    assert cells[2].derived


def test_equal_rules_tie_at_equal_freedom(cells):
    # the derived rule is the minimal triplet rule in other parameters
    sentences = standing(cells)
    assert len(sentences) == 2
    assert sentences[1].startswith("What was left out is predicted best by derived BCM, fixed threshold")
    assert sentences[0].startswith("With 3 free parameters: derived BCM, fixed threshold (E = 0.318, the best of 1")
    assert "triplet, all spikes (E = 0.318, the best of 1 written by hand)" in sentences[0]
    assert ": undecided, as left-out scores differ by " in sentences[0]
    # refits agree, whichever the parameters; averages over the posterior depend on the prior in each
    assert_allclose(cells[2].left_out.plug_in, cells[1].left_out.plug_in, atol=1e-3)
    assert_allclose(cells[2].left_out.scores, cells[1].left_out.scores, atol=1.0)
    assert standing(cells[:1]) == [
        "No derived rule and rule written by hand have the same number of free parameters here."
    ]


@pytest.mark.parametrize(
    ("shift", "words"),
    [(3.0, "the derived rule predicts better"), (-3.0, "the rule written by hand predicts better"), (0.2, "undecided")],
)
def test_the_verdict_follows_what_was_left_out(cells, shift, words):
    """Scores shifted by a constant with a scatter of 1 per protocol: the error of the sum is its root n."""
    derived, triplet = cells[2], cells[1]
    n = len(derived.left_out.scores)
    scatter = np.tile([1.0, -1.0], n // 2)
    better = replace(triplet.left_out, scores=triplet.left_out.scores + scatter + shift)
    worse_fit = replace(derived, left_out=better, error=9.0)  # E says the opposite
    sentence = standing([worse_fit, triplet])[0]
    assert words in sentence
    assert f"{shift * n:+.1f}".replace("-", "−") in sentence


def test_a_best_fit_of_few_starts_is_flagged_in_sentence_and_verdict(cells, monkeypatch):
    monkeypatch.setitem(make_cell.__globals__, "N_SETS", 2)
    monkeypatch.setitem(make_cell.__globals__, "fit", lambda *stated: replace(fit(*stated), lone="2 of 40"))
    cell = make_cell("sjostrom_2001", LABELS.index("derived BCM, fixed threshold"))
    assert "; the best fit was found by 2 of 40 starts only" in cell.sentence
    words = "(a better fit may exist: the best was found for derived BCM, fixed threshold by 2 of 40 starts only)"
    assert all(words in sentence for sentence in standing([cell, cells[1]]))
    assert not any("starts" in sentence for sentence in standing(cells))


def test_page_contains_every_number_and_assumption(cells, tmp_path):
    write_page(cells, tmp_path)
    rows = [
        line.split(" | ") for line in (tmp_path / "table.md").read_text(encoding="utf-8").splitlines() if "|" in line
    ]
    assert {len(row) for row in rows} == {11}
    assert rows[0][5] == "E, true bursts"
    bursts = fit("triplet_stdp", "sjostrom_2001_bursts", ["A3_plus", "A2_minus", "tau_y"]).error
    assert {row[5] for row in rows if "triplet, all spikes" in row[0]} == {f"{bursts:.3f}"} == {"0.521"}
    assert rows[0][9] == "found if true"
    shares = {row[0].strip("| "): row[9] for row in rows}
    assert float(shares["pair, all spikes"]) > 0.8  # 20 of 20 sets by `confusion`
    assert float(shares["triplet, all spikes"]) == pytest.approx(0.5, abs=0.02)  # of two that are one rule
    for suffix in ("md", "html"):
        text = (tmp_path / f"table.{suffix}").read_text(encoding="utf-8")
        for cell in cells:
            assert f"{cell.error:.3f}" in text
            assert cell.sentence.split("(")[0] in text
        for words in cells[2].run.attrs["assumptions"].splitlines():
            assert words in text
        assert "Vehtari" in text


@pytest.mark.slow  # two processes are started
def test_cells_do_not_depend_on_the_number_of_workers(cells):
    """To the last bit; the slower job comes first, so that the other one ends before it."""
    jobs = [(cell.benchmark, LABELS.index(cell.label)) for cell in (cells[1], cells[0])]
    result = make_cells(jobs, workers=2)
    for cell, alone in zip(result, (cells[1], cells[0]), strict=True):
        assert (cell.label, cell.error, cell.sentence) == (alone.label, alone.error, alone.sentence)
        xr.testing.assert_identical(cell.run, alone.run.assign_attrs(created=cell.run.attrs["created"]))


def test_table_writes_a_page_a_figure_and_every_run(tmp_path, monkeypatch):
    monkeypatch.setitem(make_cell.__globals__, "N_SETS", 2)  # how many does not matter here, and takes time
    monkeypatch.setattr("analysis.fitting.importance.ROUNDS", 1)
    monkeypatch.setattr("analysis.fitting.importance.PER_ROUND", 20)
    result = table(tmp_path, ["milstein_2021_kernel"], workers=1)
    candidates = BENCHMARKS["milstein_2021_kernel"].candidates
    assert [cell.label for cell in result] == [candidate.label for candidate in candidates]
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    runs = [f"runs/milstein_2021_kernel/{i:02d}_{candidate.rule}.nc" for i, candidate in enumerate(candidates, 1)]
    assert names == ["milstein_2021_kernel.png", *runs, "table.html", "table.md"]
    assert [read(tmp_path / run).attrs["label"] for run in runs] == [cell.label for cell in result]


def test_bad_input(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'wang_2005'"):
        table(tmp_path, ["wang2005"])
    with pytest.raises(InputError, match="workers must be >= 1"):
        table(tmp_path, ["wang_2005"], workers=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        table(tmp_path / "file", ["wang_2005"])


@pytest.mark.slow  # two fits of a rule with square roots at every spike: 3 s each
@pytest.mark.parametrize("memory", [0.1, 100.0])
def test_curvature_belief_beats_every_triplet_rule_with_five_free_parameters(memory):
    # best triplet rule with 5 free parameters: 1.608 (tests/analysis/test_equal_freedom.py); the memory of the
    # curvature is not fitted, and what it is set to does not matter
    bounds = {"plasticity": (1e-9, 1e3), "discount": (0.01, 1e5), "threshold": (0.0, 500.0), "pair": (0.0, 500.0)}
    rule = rules.load("curvature_bcm")(pair=10.0, tau_curvature=memory)
    assert fit(rule, "wang_2005", [*bounds, "tau_y"], bounds, n_starts=4).error < 1.5
