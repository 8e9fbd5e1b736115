"""Momentum and energy along paths: balances that optimal paths obey to second order, and paths that break them."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import cumulative_trapezoid

from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.explain import explain
from plasticity.landscapes import DoubleWell, LandscapeSequence, Quadratic, from_expression
from plasticity.objective import Objective
from plasticity.plan import plan
from plasticity.solve import solve

BOWL, RING = Quadratic(1.0, [0.0, 0.0]), from_expression("(x**2 + y**2 - 1)**2", "x y")
ENDS = [1.0, 0.0], 2.0, [-0.4, 0.8]  # start, duration, end
PULL = Objective(0.4, 1.5, 0.7, metric=2.0, drift=-0.3)  # turns with the weights


def rotation(theta):
    return np.array([-theta[1], theta[0]])


def wind(theta):
    return np.broadcast_to([0.5, 0.0], np.shape(theta))


def polar(theta):
    theta = np.asarray(theta)
    one = np.ones_like(theta[..., 0])
    return np.stack([one, theta[..., 0] ** 2], axis=-1)[..., None] * np.eye(2)


def span(values):
    return float(values.max() - values.min())


def accounts(objective, loss, start, end, duration=2.0, symmetry=None):
    """Accounts of the optimal path between two points on three meshes, each of half the step."""
    for n_points in (101, 201, 401):
        path = plan(objective, loss, start, duration, end, n_points)
        yield explain(path, objective, loss, symmetry=symmetry)


def assert_second_order(errors):
    """Halving the step divides the error by 4, up to a share of the step's square: between 3.5 and 4.5."""
    ratios = np.array(errors[:-1]) / errors[1:]
    assert np.all((ratios > 3.5) & (ratios < 4.5)), errors


@pytest.mark.parametrize(
    "objective",
    [
        Objective(0.0),
        Objective(0.8, 2.0, 1.3),
        Objective(0.8, metric=[[2.0, 0.5], [0.5, 1.0]], drift=[[-0.2, 0.3], [0.0, 0.4]]),
        Objective(0.8, drift=lambda w: np.stack([np.sin(w[..., 1]), -w[..., 0]], axis=-1)),
        Objective(0.5, control=[[1.0, 0.5], [0.0, 2.0]]),
    ],
    ids=["undiscounted", "discounted", "metric_and_drift", "turning_drift", "control"],
)
def test_energy_changes_by_its_power(objective):
    errors = []
    for account in accounts(objective, DoubleWell(), [-0.6, 0.55], [0.9, -0.2]):
        errors.append(float(np.abs(account.energy_residual).max()))
    check_schema(account)
    assert_second_order(errors)
    if objective.discount == 0:
        assert np.all(account.power == 0)
    else:  # what is balanced is no trifle
        assert span(account.energy) > 100 * errors[-1]


def test_energy_is_minus_discounted_value_on_an_endless_path():
    """H = −γV, and p = −∂V/∂θ."""
    objective = Objective(0.5, 1.5, 0.7, metric=[1.0, 3.0], drift=[[0.1, 0.2], [0.0, -0.3]])
    loss, energies, momenta = Quadratic([1.0, 2.0], [0.0, 0.0]), [], []
    policy, start = solve(objective, loss), [1.0, -0.7]
    for n_times in (101, 201, 401):
        account = explain(policy.trajectory(start, np.linspace(0, 3, n_times)), objective, loss)
        points = policy.path(start, account.time.values)
        slopes = np.stack([slope(policy, points, i) for i in (0, 1)], axis=-1)
        energies.append(np.abs(account.energy + 0.5 * policy.value(points)).max().item())
        momenta.append(np.abs(account.momentum + slopes).max().item())
    assert_second_order(energies)
    assert_second_order(momenta)


def slope(policy, at, i):
    unit = 1e-3 * np.eye(2)[i]
    return (policy.value(at + unit) - policy.value(at - unit)) / 2e-3


def test_a_straight_path_has_constant_momentum():
    loss, objective = Quadratic(0.0, [0.0, 0.0]), Objective(0, 2.0, metric=[1.0, 3.0])
    path = plan(objective, loss, [0.0, 0.0], 2.0, [2.0, 4.0], 11)
    account = explain(path, objective, loss, symmetry=lambda w: [1.0, 0.0])
    assert_allclose(account.momentum, np.tile([0.5, 3.0], (10, 1)), rtol=1e-9)  # Gθ̇/η
    assert_allclose(account.energy, (1 + 3 * 4) / 4, rtol=1e-9)
    assert_allclose(account.conserved, 0.5, rtol=1e-9)


@pytest.mark.parametrize("objective", [PULL, Objective(0.0), Objective(0.4, control=[[0.0, 2.0], [-2.0, 0.0]])])
def test_rotation_conserves_discounted_angular_momentum(objective):
    """On a bowl with any mesh: there the momentum of the discretised action is that of the middles times a constant."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bowl = [explain(plan(objective, BOWL, *ENDS, 21), objective, BOWL, symmetry=rotation)]
        ring = list(accounts(objective, RING, ENDS[0], ENDS[2], symmetry=rotation))
    for account in bowl + ring:
        assert np.abs(account.conserved_rate).max() < 1e-9 * account.effort.max()
        assert np.abs(account.conserved).min() > 1e-3
    assert span(bowl[0].conserved) < 1e-8 * np.abs(bowl[0].conserved).min()  # the tolerance of `plan`
    assert_second_order([span(account.conserved) for account in ring])


def test_polar_coordinates_have_the_angular_momentum_of_the_plane():
    """The same free path in a curved metric: p_φ = r²φ̇, and in the plane x ẏ − y ẋ."""
    objective, loss = Objective(0.0, metric=polar), Quadratic(0.0, [0.0, 0.0])
    account = list(accounts(objective, loss, [1.0, 0.0], [2.0, 1.0], symmetry=lambda q: [0.0, 1.0]))[-1]
    x, y = 2 * np.cos(1.0), 2 * np.sin(1.0)
    assert_allclose(account.conserved, y / 2, rtol=1e-4)
    assert_allclose(account.energy, ((x - 1) ** 2 + y**2) / 8, rtol=1e-4)


def test_a_drift_that_does_not_turn_breaks_the_symmetry():
    with pytest.warns(RuntimeWarning, match="symmetry is none"):
        turned = list(accounts(Objective(0.4, drift=wind), BOWL, [1.0, 0.0], [-0.4, 0.8], symmetry=rotation))
    errors = []
    for account in turned:
        assert span(account.conserved) > 0.1
        gained = cumulative_trapezoid(account.conserved_rate, account.time, initial=0)
        errors.append(np.abs(account.conserved - account.conserved[0] - gained).max().item())
    assert_second_order(errors)


@pytest.mark.parametrize("loss", [Quadratic([1.0, 2.0], [0.0, 0.0]), Quadratic(1.0, [0.3, 0.0])])
def test_a_loss_or_metric_without_the_symmetry_is_reported(loss):
    path = plan(Objective(0.0), BOWL, [1.0, 0.0], 1.0, [0.0, 1.0], 21)
    with pytest.warns(RuntimeWarning, match="symmetry is none"):
        explain(path, Objective(0.0), loss, symmetry=rotation)
    with pytest.warns(RuntimeWarning, match="symmetry is none"):
        explain(path, Objective(0.0, metric=[1.0, 2.0]), BOWL, symmetry=rotation)


def test_gradient_descent_breaks_the_balance():
    """θ = e^{−t}: T = L = θ²/2 at k = 1, η = 1: H = 0, but ∫ γpθ̇ = γ(1 − e^{−2t})/2."""
    times = np.linspace(0, 1, 401)
    path = solve(Objective(0.0), Quadratic(1.0, [0.0])).trajectory([1.0], times)  # also optimal, without discount
    account = explain(path, Objective(0.5), Quadratic(1.0, [0.0]))
    assert_allclose(account.energy, 0, atol=1e-5)
    assert_allclose(account.energy_residual[-1], -0.25 * (np.exp(-1 / 400) - np.exp(-2 + 1 / 400)), atol=1e-5)


class Batches(LandscapeSequence):
    n, n_steps = 2, 1

    def at(self, step):
        return BOWL


def test_what_leaves_momentum_open_is_refused():
    path = plan(Objective(0.0), BOWL, [1.0, 0.0], 1.0, [0.0, 1.0], 11)
    thin = Objective(0.0, control=[[1.0], [1.0]])
    account = explain(path, thin, BOWL)
    assert "energy" not in account
    assert "rank 1 < 2" in account.attrs["left_out"]
    with pytest.raises(InputError, match="symmetry needs momentum"):
        explain(path, thin, BOWL, symmetry=rotation)
    with pytest.raises(InputError, match="does not change in time"):
        explain(path, Objective(0.0), Batches())
    with pytest.raises(InputError, match="symmetry must map"):
        explain(path, Objective(0.0), BOWL, symmetry=lambda w: [1.0])


def test_the_page_runs():
    page, space = (Path(__file__).parents[2] / "docs" / "mechanics.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(block, space)
    account = space["account"]
    assert np.abs(account.energy_residual).max() < 1e-3 * span(account.energy)
    assert span(account.conserved) < 1e-3 * np.abs(account.conserved).max()
