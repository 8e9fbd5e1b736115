"""The account of a path's action: closed forms, tails, and what it refuses."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from plasticity.dataset import check_schema, make_dataset
from plasticity.errors import InputError
from plasticity.explain import explain
from plasticity.landscapes import DoubleWell, Quadratic
from plasticity.objective import Objective
from plasticity.plan import plan
from plasticity.solve import solve


def path_of(theta, times, dims=("time", "parameter"), name="theta"):
    return make_dataset({name: (dims, theta, "1", "path")}, {"time": ("time", times, "s", "time")}, title="a path")


def test_exponential_path_on_a_quadratic_loss():
    # x = e^{−at}: effort a²x²/2η, loss khx²/2, both with ∫ e^{−(γ+2a)t} = 1/(γ+2a)
    gamma, eta, k, h, a = 0.4, 1.5, 0.7, 2.0, 0.9
    times = np.linspace(0, 40, 8001)
    account = explain(path_of(np.exp(-a * times)[:, None], times), Objective(gamma, eta, k), Quadratic(h, [0.0]))
    check_schema(account)
    # midpoint rule, h² = 2.5e-5 times a² / 12
    assert_allclose(account.effort_paid, a**2 / (2 * eta) / (gamma + 2 * a), rtol=1e-5)
    assert_allclose(account.loss_paid, k * h / 2 / (gamma + 2 * a), rtol=1e-5)
    assert_allclose(account.action, account.effort_paid + account.loss_paid)
    assert_allclose(account.effort.sum("parameter") @ account.weight, account.effort_paid)


def test_agrees_with_plan_on_its_own_mesh():
    path = plan(Objective(0.1), DoubleWell(), [-0.6, 0.55], 4.0, [1.0625, 0.0], 201, quadrature="midpoint")
    account = explain(path, Objective(0.1), DoubleWell())
    # plan weighs an interval by its middle, explain by the exact integral: relative difference (γh)²/24
    assert_allclose(account.action, path.attrs["action"], rtol=(0.1 * 0.02) ** 2 / 24 * 1.01)


def test_tails():
    objective, loss = Objective(0.5), Quadratic(2.0, [1.0])
    times = np.linspace(0, 2, 5)
    still = path_of(np.zeros((5, 1)), times)  # rests at 0, where the loss is 1 per second
    assert_allclose(explain(still, objective, loss).action, (1 - np.exp(-1)) / 0.5)
    assert_allclose(explain(still, objective, loss, "rest").action, 1 / 0.5)
    best = solve(objective, loss).value([0.0])
    assert_allclose(explain(still, objective, loss, "optimal").tail_paid, np.exp(-1) * best)
    assert explain(still, Objective(0), loss, "rest").action == np.inf
    # holding a place against drift is no rest: it is paid for
    held = explain(still + 1.0, Objective(0.5, drift=-1.0), Quadratic(0.0, [0.0]), "rest")
    assert_allclose(held.action, 0.5 / 0.5)


def test_trials_and_synapses():
    times = np.array([0.0, 1.0, 1.0, 3.0])  # two records at one time: the last counts
    theta = np.random.default_rng(0).standard_normal((3, 4, 2))
    account = explain(path_of(theta, times, ("trial", "time", "parameter")), Objective(0.1), DoubleWell())
    assert account.effort.dims == ("trial", "time", "parameter")
    single = explain(path_of(theta[1][[0, 2, 3]], times[[0, 2, 3]]), Objective(0.1), DoubleWell())
    assert_allclose(account.action[1], single.action)
    synapse = path_of(np.linspace(0, 1, 4), np.arange(4.0), ("time",), "w")
    assert_allclose(explain(synapse, Objective(0), Quadratic(0.0, [0.0]), variable="w").action, 1 / 6)


def test_control_and_what_it_cannot_reach():
    times = np.linspace(0, 1, 11)
    path = path_of(np.stack([2 * times, 3 * times], axis=1), times)
    objective = Objective(0, metric=[[4.0]], control=[[0.5], [0.0]])
    account = explain(path, objective, Quadratic(0.0, [0.0, 0.0]))
    assert_allclose(account.effort_paid, 4.0 * 4.0**2 / 2)  # u = 2/0.5
    assert_allclose(account.out_of_reach, 3.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"variable": "w"}, "no variable 'w'"),
        ({"tail": "long"}, "tail"),
        ({"objective": Objective(sympy.oo)}, "discount"),
        ({"objective": Objective(0, hazard=1, prior_mean=0)}, "hazard"),
        ({"objective": Objective(0, metric=np.eye(3))}, "metric"),
        ({"path": path_of(np.zeros((3, 2)), [0.0, 2.0, 1.0])}, "increasing"),
        ({"path": path_of([[0.0, np.nan], [0.0, 0.0]], [0.0, 1.0])}, "finite"),
        (
            {"path": path_of(np.zeros((2, 2)), [0.0, 1.0], ("neuron", "synapse")).assign_coords(time=[0.0])},
            "dimensions",
        ),
    ],
)
def test_bad_input_is_named(changes, words):
    arguments = {
        "path": path_of(np.zeros((3, 2)), [0.0, 1.0, 2.0]),
        "objective": Objective(0.1),
        "landscape": DoubleWell(),
    } | changes
    with pytest.raises(InputError, match=words):
        explain(**arguments)
