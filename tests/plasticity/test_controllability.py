"""Limits of control as arrays: masks, Dale's law, bounds, few directions, drift, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import null_space

from plasticity import Controllability
from plasticity.controllability import check_weights, clip, constrain, drift, move, narrowed, of_synapses, project
from plasticity.errors import InputError
from tests.error_bounds import counts

B = np.random.default_rng(0).standard_normal((6, 2))


def test_full_control_changes_nothing(random):
    change = random.standard_normal((2, 3))
    limits = constrain(Controllability(), (2, 3))
    assert Controllability().is_full
    np.testing.assert_array_equal(move(limits, np.zeros((2, 3)), change, dt=0.1), change)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 1.0])
def test_a_plastic_fraction_is_exact_and_drawn_from_the_seed(fraction):
    some = Controllability(plastic_fraction=fraction)
    masks = [project(constrain(some, (10, 20), seed), np.ones((10, 20))) for seed in (0, 0, 1)]
    assert [m.sum() for m in masks] == [round(200 * fraction)] * 3
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any() == (0 < fraction < 1)


def test_every_weight_is_plastic_with_the_same_probability():
    """400 seeds: each weight is plastic in a binomial number of them, of them."""
    some = Controllability(plastic_fraction=0.25)
    often = sum(constrain(some, 40, seed).mask.astype(int) for seed in range(400))
    low, high = counts(400, 0.25, comparisons=40)
    assert low <= often.min() <= often.max() <= high


def test_a_fraction_is_one_of_the_weights_that_the_mask_allows():
    allowed = np.arange(12).reshape(3, 4) % 2 == 0
    limits = constrain(Controllability(plastic_fraction=0.5, mask=allowed), (3, 4))
    assert limits.mask.sum() == 3
    assert not (limits.mask & ~allowed).any()


def test_dales_law_holds_column_by_column(random):
    """Each presynaptic neuron has one sign; 0 is free. Batches of any size pass through."""
    limits = constrain(Controllability(sign=[1, -1, 0], bounds=(-2.0, 0.5)), (4, 3))
    moved = move(limits, np.zeros((9, 4, 3)), 10 * random.choice([-1.0, 1.0], (9, 4, 3)))
    assert set(np.unique(moved[..., 0])) == {0.0, 0.5}
    assert set(np.unique(moved[..., 1])) == {-2.0, 0.0}
    assert set(np.unique(moved[..., 2])) == {-2.0, 0.5}


def test_bounds_of_a_rule_narrow_further():
    limits = narrowed(constrain(Controllability(sign=1), 2), -1.0, 0.7)
    np.testing.assert_array_equal(clip(limits, np.array([-5.0, 5.0])), [0.0, 0.7])
    with pytest.raises(InputError, match="exclude every value of a weight"):
        narrowed(constrain(Controllability(sign=-1), 2), 0.5, 0.7)


def test_few_controllers_project_orthogonally_on_their_directions(random):
    """The change is B B⁺ of the requested one, whatever the basis of the space."""
    change = random.standard_normal((4, 6))
    for directions in (B, B @ np.array([[2.0, 1.0], [0.0, -3.0]])):
        moved = project(constrain(Controllability(rank=directions), 6), change)
        np.testing.assert_allclose(moved, change @ (B @ np.linalg.pinv(B)), atol=1e-14)


@pytest.mark.parametrize("shape", ["diagonal", "matrix"])
def test_a_metric_says_what_is_orthogonal(shape, random):
    """For the rule ẇ = −ηG⁻¹g, equation (2) gives −ηB(BᵀGB)⁻¹Bᵀg."""
    root = random.standard_normal((6, 6))
    metric = np.diag([1.0, 2, 3, 4, 5, 6]) if shape == "diagonal" else root @ root.T + np.eye(6)
    gradient = random.standard_normal(6)
    cost = np.diag(metric) if shape == "diagonal" else metric
    limits = constrain(Controllability(rank=B), 6, metric=cost)
    moved = project(limits, -np.linalg.solve(metric, gradient))
    np.testing.assert_allclose(moved, -B @ np.linalg.solve(B.T @ metric @ B, B.T @ gradient), atol=1e-12)


def test_random_directions_depend_on_seed_and_name_and_span_the_rank():
    spaces = [
        constrain(Controllability(rank=3), (5, 4), seed, name=name).projector.control
        for seed, name in [(0, "a"), (1, "a"), (0, "b")]
    ]
    for basis in spaces:
        np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-14)
    overlaps = [np.linalg.norm(spaces[0].T @ other) for other in spaces[1:]]
    assert max(overlaps) < 0.95 * np.sqrt(3)
    again = constrain(Controllability(rank=3), (5, 4), 0, name="a").projector.control
    np.testing.assert_array_equal(again, spaces[0])


def test_frozen_weights_stay_exactly_where_they_are_under_shared_control(random):
    mask = np.array([True, False, True, True, False, True])
    moved = project(constrain(Controllability(rank=B, mask=mask), 6), random.standard_normal((3, 6)))
    assert np.all(moved[:, ~mask] == 0)
    assert np.linalg.matrix_rank(moved, tol=1e-12) == 2


def test_drift_is_a_number_a_number_per_weight_or_a_matrix(random):
    w = random.standard_normal((4, 2, 3))
    matrix = random.standard_normal((6, 6))
    expected = (w.reshape(4, 6) @ matrix.T).reshape(w.shape)
    np.testing.assert_allclose(drift(constrain(Controllability(drift=matrix), (2, 3)), w), expected, atol=1e-14)
    np.testing.assert_allclose(drift(constrain(Controllability(drift=-2.0), (2, 3)), w), -2 * w)
    rates = np.array([1.0, -2.0, 0.0])
    np.testing.assert_allclose(drift(constrain(Controllability(drift=rates), (2, 3)), w), rates * w)


def test_drift_moves_what_cannot_be_changed():
    limits = constrain(Controllability(drift=-1.0, mask=[False, True]), 2)
    np.testing.assert_allclose(move(limits, np.ones(2), np.ones(2), dt=0.1), [0.9, 1.9])


def test_synapses_in_a_list_have_the_limits_of_their_place(random):
    """A list of all synapses, shuffled, moves as the matrix does."""
    shape, c = (3, 4), Controllability(sign=[1, -1, 0, 1], bounds=(-0.4, np.full((3, 1), 0.3)), drift=-np.arange(4.0))
    c = replace(c, mask=np.arange(12).reshape(shape) % 3 > 0)
    targets, sources = (x.ravel()[::-1] for x in np.indices(shape))
    change = random.standard_normal(shape)
    whole = move(constrain(c, shape), np.zeros(shape), change, 0.1)
    listed = constrain(of_synapses(c, shape, targets, sources), targets.size)
    actual = move(listed, np.zeros(targets.size), change[targets, sources], 0.1)
    np.testing.assert_array_equal(actual, whole[targets, sources])


BAD = {
    "fraction": ({"plastic_fraction": 1.2}, "plastic_fraction must be <= 1"),
    "mask": ({"mask": [0.5, 1.0]}, "mask must be True where a weight is plastic"),
    "sign": ({"sign": 2}, r"sign must be \+1, -1 or 0"),
    "bounds": ({"bounds": (1.0, 0.0)}, "bounds must be .* low < high"),
    "one bound": ({"bounds": 1.0}, r"bounds must be \(low, high\)"),
    "nan bound": ({"bounds": (0.0, np.nan)}, "bounds must be"),
    "rank": ({"rank": 0}, "rank must be >= 1"),
    "half a rank": ({"rank": 1.5}, "rank must be a whole number"),
    "a vector": ({"rank": [1.0, 0.0]}, "rank must be a number or have shape"),
    "drift": ({"drift": np.nan}, "drift must be finite"),
    "drift text": ({"drift": "decay"}, "drift must be numbers"),
    "sums": ({"conserved": "incomming"}, "unknown conserved 'incomming'; did you mean 'incoming'"),
    "one sum": ({"conserved": [1.0, 1.0]}, r"conserved must be incoming, outgoing, both or have shape"),
}


@pytest.mark.parametrize(("fields", "message"), BAD.values(), ids=BAD)
def test_bad_limits_are_refused_where_they_are_written(fields, message):
    with pytest.raises(InputError, match=message):
        Controllability(**fields)


UNFIT = {
    "mask": (Controllability(mask=np.ones((3, 2), bool)), r"mask has shape \(3, 2\).*weights of shape \(2, 3\)"),
    "sign": (Controllability(sign=np.ones(2)), r"sign has shape \(2,\)"),
    "drift": (Controllability(drift=np.ones((5, 5))), r"drift has shape \(5, 5\)"),
    "rank": (Controllability(rank=7), "rank is 7, but only 6 weights are plastic"),
    "rows": (Controllability(rank=np.ones((5, 1))), "rank has 5 rows, but there are 6 weights"),
    "frozen": (Controllability(rank=2, mask=[[True, False, False], [False] * 3]), "only 1 weights are plastic"),
    "dependent": (Controllability(rank=np.ones((6, 2))), "linearly dependent"),
    "sums": (Controllability(conserved=np.ones((5, 1))), "conserved has 5 rows, but there are 6 weights"),
    "no way": (
        Controllability(rank=np.ones((6, 1)), conserved="incoming"),
        "no direction of control leaves these sums",
    ),
    "empty": (Controllability(sign=1, bounds=(-2.0, -1.0)), r"exclude every value of weight \[0, 0\]"),
}


@pytest.mark.parametrize(("limits", "message"), UNFIT.values(), ids=UNFIT)
def test_limits_that_do_not_fit_the_weights_are_refused(limits, message):
    with pytest.raises(InputError, match=message):
        constrain(limits, (2, 3))


def test_weights_that_start_out_of_bounds_are_named():
    limits = constrain(Controllability(sign=[1, -1]), (3, 2))
    check_weights(limits, np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"w\[1, 1\] is 0.5, outside its bounds -inf … 0"):
        check_weights(limits, [[0.0, 0.0], [0.0, 0.5], [0.0, 0.0]], "w")
    weights = np.zeros((5, 3, 2))
    weights[4, 2, 0] = np.nan
    with pytest.raises(InputError, match=r"weights\[4, 2, 0\] is nan"):
        check_weights(limits, weights)


@pytest.mark.parametrize("name", ["incoming", "outgoing", "both"])
def test_conserved_sums_lose_the_mean_of_a_change(name, random):
    """Subtractive: every change loses its mean over the sum; of both sums, rows and columns are centred."""
    change = random.standard_normal((4, 3, 5))
    rows, columns = (change.mean(axis, keepdims=True) for axis in (2, 1))
    both = rows + columns - change.mean((1, 2), keepdims=True)
    left = project(constrain(Controllability(conserved=name), (3, 5)), change)
    np.testing.assert_allclose(left, change - {"incoming": rows, "outgoing": columns, "both": both}[name], atol=1e-14)


def test_conserved_sums_of_a_list_of_synapses_are_those_of_its_ends(random):
    sources, targets = random.permutation(np.arange(12))[:9] % 4, np.repeat([0, 1, 2], [2, 3, 4])
    change = random.standard_normal(9)
    for name, ends in (("incoming", targets), ("outgoing", sources)):
        limits = of_synapses(Controllability(conserved=name), (3, 4), targets, sources)
        left = project(constrain(limits, 9), change)
        means = np.bincount(ends, change)[ends] / np.bincount(ends)[ends]
        np.testing.assert_allclose(left, change - means, atol=1e-14)


def test_conserved_sums_under_a_metric_a_mask_and_few_controllers(random):
    """The change that is nearest in the metric to the one that was asked for, among those that keep sums and mask."""
    root, sums = random.standard_normal((6, 6)), random.standard_normal((6, 2))
    metric, change = root @ root.T + np.eye(6), random.standard_normal(6)
    mask = np.array([True, False, True, True, True, True])
    for directions in (None, random.standard_normal((6, 4))):
        limits = Controllability(conserved=sums, mask=mask, rank=directions)
        left = project(constrain(limits, 6, metric=metric), change)
        reachable = np.eye(6)[:, mask] if directions is None else directions * mask[:, None]
        free = reachable @ null_space(sums.T @ reachable)
        nearest = free @ np.linalg.solve(free.T @ metric @ free, free.T @ metric @ (mask * change))
        np.testing.assert_allclose(left, nearest, atol=1e-12)
        np.testing.assert_allclose(sums.T @ left, 0, atol=1e-13)
