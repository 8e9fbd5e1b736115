"""Rules with disturbed feedback and limited control: exact recursions, the optimal policy, laws of large numbers."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from oracles.messages import transmit
from scipy.linalg import expm

from plasticity import Controllability, FeedbackChannel, Objective, derive, rules, simulate, solve
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.landscapes import DoubleWell, Quadratic
from tests.error_bounds import variance_error, z

H = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 3.0]])
OPTIMUM = np.array([0.3, -1.0, 0.5])
START = np.array([1.0, 0.5, -1.0])
BOWL = Quadratic(H, OPTIMUM)
ROUND = Quadratic(2.0, OPTIMUM)
SHORT = derive(Objective(sp.oo))
B = np.linalg.qr(np.array([[1.0, 0.2], [-0.5, 1.0], [0.3, 0.4]]))[0]


def path(rule, landscape=BOWL, n_steps=200, dt=0.02, start=START, **options):
    return simulate(rule, landscape, start, n_steps, dt, **options).theta.values


@pytest.mark.parametrize("rule", [SHORT, derive(Objective(0.3)), rules.load("adam")(learning_rate=0.05)])
def test_limits_that_never_bind_change_nothing(rule):
    """The path with a perfect channel and full control is the path without either, to rounding."""
    free = path(rule, n_steps=60, gradient_noise=0.3, seed=3, n_trials=4)
    options = {"feedback": FeedbackChannel(quantum=1e-13), "controllability": Controllability(bounds=(-1e6, 1e6))}
    held = path(rule, n_steps=60, gradient_noise=0.3, seed=3, n_trials=4, **options)
    np.testing.assert_allclose(held, free, atol=1e-11)
    same = path(rule, n_steps=60, gradient_noise=0.3, seed=3, n_trials=4, feedback=FeedbackChannel())
    np.testing.assert_array_equal(same, free)


def test_delayed_feedback_follows_the_delayed_recursion():
    """θ_{n+1} = θ_n − dt H(θ_{n−d} − μ), θ_{n<d} = θ_0 unmoved; nothing is learned before the first message."""
    dt, late = 0.02, 7
    actual = path(SHORT, feedback=FeedbackChannel(delay=late * dt))[0]
    assert np.all(actual[: late + 1] == START)
    steps = -dt * (actual[:-1] - OPTIMUM) @ H
    np.testing.assert_allclose(np.diff(actual, axis=0)[late:], steps[: len(steps) - late], atol=1e-14)


def test_delay_makes_learning_unstable_beyond_a_quarter_turn():
    """ẋ = −r x(t − d) is stable for r·d < π/2 only; the amplitude shrinks below and grows above."""
    rate = 2.0
    for product, stable in ((0.9 * np.pi / 2, True), (1.1 * np.pi / 2, False)):
        dt = product / rate / 100
        far = np.abs(path(SHORT, Quadratic(rate, [0.0]), 4000, dt, [1.0], feedback=FeedbackChannel(delay=100 * dt))[0])
        assert (far[-1000:].max() < far[1000:2000].max()) == stable


@pytest.mark.parametrize(
    ("channel", "factor"),
    [(FeedbackChannel(sparsity=0.6), 0.4), (FeedbackChannel(sign_error=0.2), 0.6), (FeedbackChannel(gain=0.5), 0.5)],
)
def test_lost_and_wrong_messages_slow_the_mean_learner(channel, factor):
    """E θ follows gradient flow at the rate times 1 − sparsity, or 1 − 2·sign_error."""
    dt, n_steps, n_trials = 0.05, 40, 4000
    end = path(SHORT, ROUND, n_steps, dt, feedback=channel, n_trials=n_trials)[:, -1]
    mean = OPTIMUM + (1 - dt * 2.0 * factor) ** n_steps * (START - OPTIMUM)
    error = end.std(0) / np.sqrt(n_trials)
    assert np.all(np.abs(end.mean(0) - mean) <= z(3) * error + 1e-12)


@pytest.mark.parametrize("dt", [0.05, 0.01])
def test_channel_noise_has_the_stationary_variance_of_white_noise(dt):
    """κσ²/(2h) for any dt (Euler's map: times 1/(1 − dt κh/2)). The bound for 20,000 values is 5 %."""
    h, sigma = 2.0, 0.4
    end = path(
        SHORT,
        Quadratic(h, np.zeros(10)),
        round(3 / dt),
        dt,
        np.zeros(10),
        feedback=FeedbackChannel(noise=sigma),
        n_trials=2000,
    )[:, -1]
    assert np.var(end) == pytest.approx(sigma**2 / (2 * h) / (1 - dt * h / 2), rel=variance_error(20_000))


def test_a_step_uses_the_documented_stream():
    """One step of dw/dt = −g from the optimum is −dt times what the channel sends of nothing."""
    channel = FeedbackChannel(noise=0.5)
    end = path(SHORT, n_steps=1, dt=0.1, start=OPTIMUM, feedback=channel, seed=11, n_trials=4)[3, 1]
    sent = transmit(channel, np.zeros((1, 3)), 0.1, seed=11, trial=3)[0]
    np.testing.assert_allclose(OPTIMUM - end, 0.1 * sent, rtol=1e-13)


def test_trial_k_is_the_same_whoever_else_runs(monkeypatch):
    channel = FeedbackChannel(noise=0.5, sparsity=0.3, sign_error=0.1, delay=0.04)
    limits = Controllability(plastic_fraction=0.67, rank=1)

    def run(n_trials, seed=5):
        return path(SHORT, n_steps=50, feedback=channel, controllability=limits, seed=seed, n_trials=n_trials)

    few, many = run(3), run(40)
    np.testing.assert_array_equal(few, many[:3])
    monkeypatch.setitem(simulate.__globals__, "_NUMBERS_PER_STEP", 30)
    np.testing.assert_array_equal(run(40), many)
    assert np.unique(many[:, -1].sum(axis=1)).size == 40
    assert not np.array_equal(run(3, seed=6), few)


def test_what_is_out_of_reach_stays_untouched():
    """Exactly, where the directions are axes; to rounding of 200 steps else."""
    for rule in (SHORT, derive(Objective(0.3)), rules.load("adam")(learning_rate=0.05)):
        moved = path(rule, controllability=Controllability(rank=np.eye(3)[:, :2]), gradient_noise=1.0)
        assert np.all(moved[..., 2] == START[2])
        assert np.ptp(moved[..., 0]) > 0
        moved = path(rule, controllability=Controllability(rank=B), gradient_noise=1.0) - START
        np.testing.assert_allclose(moved - moved @ B @ B.T, 0, atol=200 * 4e-16)


def test_conserved_sums_in_the_metric_of_the_rule():
    """Steps of −dt·κ·(G⁻¹g − G⁻¹C(CᵀG⁻¹C)⁻¹CᵀG⁻¹g), written by hand; to rounding the sum stays."""
    cost = np.array([1.0, 2.0, 4.0])
    rule = derive(Objective(sp.oo, plasticity=0.5, metric=cost))
    limits = Controllability(conserved="incoming")
    moved = path(rule, n_steps=50, dt=0.1, controllability=limits)[0]
    w = START.copy()
    for _ in range(50):
        step = BOWL.gradient(w) / cost
        w = w - 0.1 * 0.5 * (step - step.sum() / (1 / cost).sum() / cost)
    np.testing.assert_allclose(moved[-1], w, rtol=1e-10)
    np.testing.assert_allclose(moved.sum(axis=-1), START.sum(), atol=50 * 4e-16)
    assert np.ptp(moved, axis=0).min() > 1e-3


def test_low_rank_rests_where_the_optimal_policy_with_the_same_control_rests():
    """Any curvature: with one learning rate for all, Bᵀ∇L = 0 on the plane through the start, as for `solve`."""
    actual = path(SHORT, n_steps=3000, controllability=Controllability(rank=B))[0, -1]
    policy = solve(Objective(0.5, control=B), BOWL)
    expected = policy.trajectory(START, [0.0, 60.0]).theta.values[-1]
    np.testing.assert_allclose(actual, expected, atol=1e-8)
    assert np.abs(actual - OPTIMUM).max() > 0.05


def test_low_rank_in_a_metric_rests_where_the_optimal_policy_rests():
    """The rule moves by −κB(BᵀGB)⁻¹Bᵀ∇L: the policy whose control u costs uᵀ(BᵀGB)u."""
    metric = np.array([0.5, 1.0, 3.0])
    rule = derive(Objective(sp.oo, metric=metric))
    actual = path(rule, n_steps=6000, controllability=Controllability(rank=B))[0]
    step = -0.02 * B @ np.linalg.solve(B.T @ (metric[:, None] * B), B.T @ BOWL.gradient(START))
    np.testing.assert_allclose(actual[1] - START, step, atol=1e-14)
    policy = solve(Objective(0.5, control=B, metric=B.T @ (metric[:, None] * B)), BOWL)
    np.testing.assert_allclose(actual[-1], policy.trajectory(START, [0.0, 100.0]).theta.values[-1], atol=1e-8)


@pytest.mark.parametrize("decay", [0.0, 1.5])
@pytest.mark.parametrize("discount", [0.0, 0.4])
def test_low_rank_and_decay_follow_the_optimal_policy(discount, decay):
    """Equal curvature in all directions: the synaptic rule that counts on its decay is optimal along B, and the decay
    goes on elsewhere. The whole path agrees with `solve`, at first order in dt.
    """
    rule = derive(Objective(discount, 1.2, 0.8, drift=-decay if decay else None))
    exact = solve(Objective(discount, 1.2, 0.8, drift=-decay * np.eye(3), control=B), ROUND)
    errors = []
    for n_steps in (100, 200, 400):
        actual = path(rule, ROUND, n_steps, 2.0 / n_steps, controllability=Controllability(rank=B))[
            0, :: n_steps // 100
        ]
        expected = exact.trajectory(START, np.linspace(0, 2, 101)).theta.values
        errors.append(np.abs(actual - expected).max())
    assert errors[-1] < 0.01
    assert np.all(np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 1) < 0.06)  # next order: dt·rate ≤ 0.04


def test_a_mask_is_control_along_the_axes():
    """Frozen weights decay, plastic ones settle where `solve` with the same columns of the identity says."""
    decay, mask = 1.5, np.array([True, False, True])
    rule = derive(Objective(0.4, drift=-decay))
    actual = path(rule, ROUND, 4000, controllability=Controllability(mask=mask))[0]
    policy = solve(Objective(0.4, drift=-decay * np.eye(3), control=np.eye(3)[:, mask]), ROUND)
    np.testing.assert_allclose(actual[-1], policy.rest_point, atol=1e-9)
    np.testing.assert_allclose(actual[:, 1], START[1] * (1 - 0.02 * decay) ** np.arange(4001), atol=1e-12)


@pytest.mark.parametrize("knows", [True, False])
def test_decay_shifts_the_rest_point_less_for_who_expects_it(knows):
    """Who counts on the decay rests at ηkh/(ηkh + j(j + γ)) μ; who does not, at κh/(κh + j) μ, κ = ηk/(γ + r)."""
    gamma, j, h = 0.4, 1.5, 2.0
    rule = derive(Objective(gamma, drift=-j if knows else None))
    actual = path(rule, ROUND, 4000, controllability=Controllability(drift=-j))[0, -1]
    kappa = 1 / (gamma / 2 + np.sqrt(gamma**2 / 4 + h))
    share = h / (h + j * (j + gamma)) if knows else kappa * h / (kappa * h + j)
    np.testing.assert_allclose(actual, share * OPTIMUM, atol=1e-10)


def test_short_horizon_under_rotation_is_the_limit_of_the_optimal_policy():
    """(κh − qJ)θ = κhμ; `solve` at ηk = κγ comes there as 1/γ."""
    turn, kappa = np.array([[0.0, -1.0], [1.0, 0.0]]), 1.3
    bowl = Quadratic(2.0, [0.5, -1.0])
    rule = derive(Objective(sp.oo, plasticity=kappa))
    actual = path(rule, bowl, 4000, 0.01, [1.5, 1.5], controllability=Controllability(drift=3 * turn))[0]
    exact = np.linalg.solve(2 * kappa * np.eye(2) - 3 * turn, 2 * kappa * bowl.optimum)
    np.testing.assert_allclose(actual[-1], exact, atol=1e-12)
    gaps = [
        np.abs(solve(Objective(g, plasticity=kappa * g, drift=3 * turn), bowl).rest_point - exact).max()
        for g in (200, 400)
    ]
    assert gaps[0] / gaps[1] == pytest.approx(2, abs=0.05)
    flow = expm(0.01 * 100 * (3 * turn - 2 * kappa * np.eye(2)))
    np.testing.assert_allclose(actual[100] - exact, flow @ (np.array([1.5, 1.5]) - exact), atol=0.03)


def test_feedback_that_mixes_directions_is_the_matrix_form_of_the_policy():
    """Gradient through M = ηk(γ/2 + sqrt(γ²/4 + ηkH))⁻¹: along eigenvectors of H the rates sqrt(γ²/4 + ηkh) − γ/2."""
    gamma, strength, dt, n_steps = 0.4, 0.96, 1e-3, 1000
    values, vectors = np.linalg.eigh(H)
    slowness = gamma / 2 + np.sqrt(gamma**2 / 4 + strength * values)
    channel = FeedbackChannel(projection=(vectors * strength / slowness) @ vectors.T)
    away = (path(SHORT, n_steps=n_steps, dt=dt, feedback=channel)[0] - OPTIMUM) @ vectors
    rates = np.sqrt(gamma**2 / 4 + strength * values) - gamma / 2
    np.testing.assert_allclose(away[-1] / away[0], (1 - dt * rates) ** n_steps, rtol=1e-10)
    np.testing.assert_allclose(solve(Objective(gamma, 1.2, 0.8), BOWL).rates, rates, rtol=1e-10)


def test_dales_law_and_bounds_hold_at_every_step():
    rule = replace(SHORT, bounds=(-0.8, 0.9))
    limits = Controllability(sign=[1, -1, 0], bounds=(-0.6, 2.0), drift=0.5)
    moved = path(rule, start=[0.5, -0.5, 0.0], controllability=limits, gradient_noise=20.0, n_trials=5)
    np.testing.assert_array_equal(moved.min((0, 1)), [0.0, -0.6, -0.6])
    np.testing.assert_array_equal(moved.max((0, 1)), [0.9, 0.0, 0.9])


def test_any_landscape_and_the_file_say_what_was_limited():
    ds = simulate(
        SHORT,
        DoubleWell(),
        [0.2, 0.5],
        20,
        0.01,
        feedback=FeedbackChannel(noise=0.1, projection=1),
        controllability=Controllability(mask=[True, False]),
    )
    check_schema(ds)
    assert np.all(ds.theta.values[..., 1] == 0.5)
    assert '"feedback": {"noise": 0.1, "projection": 1}' in ds.attrs["parameters"]
    assert '"controllability": {"mask": [true, false]}' in ds.attrs["parameters"]


BAD = {
    "delay": ({"feedback": FeedbackChannel(delay=0.05)}, "delay is 0.05 s, shorter than the time step dt = 0.1 s"),
    "projection": ({"feedback": FeedbackChannel(projection=np.ones((2, 3)))}, "projection must return 3 numbers"),
    "columns": ({"feedback": FeedbackChannel(projection=np.ones((3, 2)))}, "a message has 3 components"),
    "mask": ({"controllability": Controllability(mask=[True, False])}, r"mask has shape \(2,\)"),
    "start": ({"controllability": Controllability(sign=-1)}, r"start\[0, 0\] is 1, outside its bounds"),
    "rank": ({"controllability": Controllability(rank=4)}, "rank is 4, but only 3"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_limits_that_do_not_fit_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        simulate(SHORT, BOWL, START, 5, 0.1, **options)
