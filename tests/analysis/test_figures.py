"""Figures hold the numbers that they claim to show, tell runs apart without colour, and leave no state."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import scenarios.running.run
from analysis import figures
from analysis.datasets import load
from analysis.fit import fit
from analysis.fitted_run import as_dataset
from analysis.pages.figure_parts import COLOURS, DASHES, MARKERS, line_style, tidy
from plasticity.errors import InputError, UnknownNameError
from plasticity.support import catalog

RULES = ("pair_stdp", "triplet_stdp", "derived_bcm")
OF_ONE_RUN = (
    *("competitive_stdp", "distal_reward", "inference", "inhibitory_balance", "named_rules", "place_field_plateaus"),
    *("spike_timing", "theory_check", "voltage_rule"),
)
OF_PROTOCOLS = ("by_protocol", "pairing_frequency")  # figures of weight changes; the others draw one scenario each


@pytest.fixture(scope="module")
def runs():
    return [as_dataset(fit(rule, "sjostrom_2001")) for rule in RULES]


@pytest.mark.parametrize("name", OF_PROTOCOLS)
def test_figure_of_protocols_draws_runs_with_and_without_data(name, runs, tmp_path):
    data = load("sjostrom_2001")
    before = dict(mpl.rcParams)
    for figure in (figures.load(name)(*runs, data=data), figures.load(name)(*runs), figures.load(name)(data=data)):
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / "figure.png")
        assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", figures.names())
def test_every_figure_has_a_title_and_says_when_there_is_nothing_to_draw(name):
    assert catalog.title("analysis.figures", name)
    with pytest.raises(InputError, match="nothing to draw"):
        figures.load(name)()


@pytest.mark.parametrize("name", figures.names())
@pytest.mark.parametrize("wrong", [[], 3])
def test_every_figure_names_what_is_no_dataset(name, wrong):
    with pytest.raises(InputError, match="must be Datasets, one argument each"):
        figures.load(name)(wrong, data=load("sjostrom_2001") if name == "residuals" else None)


@pytest.mark.parametrize("name", OF_ONE_RUN)
def test_no_run_is_left_out_without_a_word(name):
    run = xr.Dataset(attrs={"scenario": name, "title": "a run"})
    with pytest.raises(InputError, match=f"figure {name} draws one run, got 2; draw them one by one"):
        figures.load(name)(run, run)


@pytest.mark.parametrize("high", [1.9, 8.0, 60.0, 1e6])
def test_a_logarithmic_axis_has_two_labels_or_more_that_are_numbers_where_powers_of_ten_are_few(high):
    ax = Figure().subplots()
    ax.set_yscale("log")
    ax.set_ylim(0.6, high)
    tidy([ax])
    shown = [tick.get_text() for tick in ax.yaxis.get_ticklabels() if 0.6 <= tick.get_position()[1] <= high]
    assert len(shown) >= 2
    assert ("$" in "".join(shown)) == (high > 100)


def test_frequency_figure_shows_every_number_in_percent(runs):
    data = load("sjostrom_2001")
    figure = figures.draw(*runs, data=data)
    assert [ax.get_title() for ax in figure.axes] == ["pre before post (+10 ms)", "post before pre (−10 ms)"]
    for ax, rows in zip(figure.axes, (slice(0, 5), slice(5, 10)), strict=True):
        lines = {line.get_label(): line for line in ax.lines}
        for rule, run in zip(RULES, runs, strict=True):
            x, y = lines[rule].get_data()
            np.testing.assert_allclose(x, data.frequency[rows])
            np.testing.assert_allclose(y, 100 * run.weight_change[rows])
        bars = ax.containers[0]
        np.testing.assert_allclose(bars[0].get_ydata(), 100 * data.value[rows])
        low, high = np.array([segment[:, 1] for segment in bars[2][0].get_segments()]).T
        np.testing.assert_allclose(high - low, 2 * 100 * data.sem[rows])


def test_general_figure_shows_every_number_in_percent():
    data = load("wang_2005")
    run = as_dataset(fit("pair_stdp", data))
    ax = figures.draw(run, data=data).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == data.protocol.values.tolist()
    line = next(line for line in ax.lines if line.get_label() == "pair_stdp")
    np.testing.assert_allclose(line.get_xdata(), 100 * run.weight_change)


def test_runs_differ_by_more_than_colour(runs):
    many = [run.assign_attrs(label=f"rule {i}") for i, run in enumerate(runs * 2)]
    lines = [line for line in figures.draw(*many).axes[0].lines if line.get_label().startswith("rule")]
    assert len(lines) == 6
    assert len({line.get_marker() for line in lines}) == 6
    for cue in ("color", "linestyle", "marker"):
        assert len({str(line_style(i)[cue]) for i in range(6)}) == 6, cue
    assert len(COLOURS) == len(DASHES) == len(MARKERS)


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_can_be_seen_on_white(colour):
    """Contrast of at least 3, as the guidelines for web content ask of graphics."""
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert 1.05 / (luminance + 0.05) >= 3


def test_figures_bear_title_question_and_the_word_reduced():
    run = scenarios.run("horizon", **scenarios.running.run.load("horizon").SMOKE)
    assert run.attrs["reduced"] == "n_points 101 for 401"
    heading = figures.draw(run).get_suptitle().split("\n")
    assert heading[0] == run.attrs["title"] == "Optimal learning in a valley (reduced run)"
    assert heading[1] == "How does the planning horizon change the path down a valley?"
    whole = scenarios.run("horizon")
    assert "reduced" not in whole.attrs
    assert figures.draw(whole, run).get_suptitle().split("\n") == [heading[1], "reduced run"]


def test_figure_of_a_run_without_weight_change_is_refused(runs):
    with pytest.raises(InputError, match="no weight_change"):
        figures.draw(runs[0].drop_vars("weight_change"))


@pytest.mark.parametrize("function", [figures.draw, figures.drawable])
def test_what_is_no_run_is_refused_with_the_remedy(runs, function):
    with pytest.raises(InputError, match=r"one argument each as in draw\(\*runs\)"):
        function(runs)


def test_missing_coordinate_is_named(runs):
    with pytest.raises(InputError, match="no coordinate frequency"):
        figures.draw(runs[0].drop_vars("frequency"))


def test_unknown_figure():
    with pytest.raises(UnknownNameError, match="did you mean 'by_protocol'"):
        figures.load("by_protocols")
