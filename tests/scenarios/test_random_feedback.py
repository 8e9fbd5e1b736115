"""Random feedback: the message comes to agree with backpropagation, and the hidden layer learns by it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import scenarios
from analysis.figures import draw
from plasticity.errors import InputError
from tests.error_bounds import z

SHORT = {"n_epochs": 12, "n_trials": 4}


@pytest.fixture(scope="module")
def run():
    return scenarios.run("random_feedback", **SHORT)


def end(run, name, condition):
    return run[name].isel(time=-1).sel(condition=condition).values


def test_the_message_starts_without_direction_and_aligns_while_the_network_learns(run):
    """Between independent vectors of 32 numbers the angle is 90 ± 10° per network."""
    start = run.alignment.isel(time=0).sel(condition="random")
    bound = z(3) * 10 / np.sqrt(start.size)
    assert_allclose(start.mean(), 90, atol=bound)
    angles = {c: end(run, "alignment", c) for c in run.condition.values}
    assert (angles["random"] < start - 15).all()
    assert angles["random"].max() < 65
    assert angles["random"].max() < angles["random_noisy"].min()
    for condition in ("exact", "exact_noisy"):
        assert_allclose(angles[condition].mean(), 90, atol=bound)


def test_the_hidden_layer_learns_by_random_feedback(run):
    accuracy = {c: end(run, "test_accuracy", c) for c in run.condition.values}
    assert_allclose(accuracy["random"].mean(), accuracy["exact"].mean(), atol=0.02)
    assert accuracy["random"].min() > accuracy["shallow"].max() + 0.01
    loss = {c: end(run, "train_loss", c) for c in run.condition.values}
    assert loss["random"].max() < 0.6 * loss["shallow"].min()
    assert loss["random_noisy"].min() > loss["exact_noisy"].max()


def test_conditions_differ_in_nothing_else():
    ds = scenarios.run("random_feedback", **SHORT | {"n_epochs": 1, "noise": 0.0, "n_images": 200})
    for name in ("test_accuracy", "alignment"):
        start = ds[name].isel(time=0)
        assert_array_equal(start, np.broadcast_to(start.values[:, :1], start.shape))
    for kind in ("exact", "random"):
        assert_array_equal(end(ds, "train_loss", kind), end(ds, "train_loss", f"{kind}_noisy"))
    assert (end(ds, "train_loss", "exact") != end(ds, "train_loss", "random")).all()


def test_too_few_images_are_refused():
    with pytest.raises(InputError, match="n_images"):
        scenarios.run("random_feedback", n_images=2)


def test_figure_draws_every_condition(run):
    loss, _, alignment = draw(run).axes
    labels = {bars.get_label() for bars in loss.containers}
    assert set(run.condition_title.values) <= labels
    drawn = {bars.get_label(): bars.lines[0] for bars in alignment.containers}["random feedback"]
    assert_allclose(drawn.get_ydata(), run.alignment.sel(condition="random").mean("trial"))
    with pytest.raises(InputError, match="no run of random_feedback"):
        draw(run, run.assign_attrs(scenario="horizon"))
