"""Networks as learners: assumptions that went into a rate network come back from its weights, or it is rejected."""

import numpy as np

from analysis.infer import infer
from circuits import load, run
from plasticity import Controllability, FeedbackChannel, Objective, derive, rules
from plasticity.landscapes import Quadratic
from scenarios.support.linear_network import balanced_patterns, learn, seen_exactly
from tests.analysis.inference.calibration import covered, normal_scores
from tests.error_bounds import FALSE_ALARMS, counts, variance_error, z

CURVATURE = 4.0  # of the loss of one cue, in every weight
PRIOR = {
    "discount": (1.0, 1.0),
    "metric": (1.0, 0.7),
    "drift": (0.3, 0.5),
    "process_strength": (0.05, 0.5),
    "measurement_noise": (0.01, 0.5),
}
N_NETWORKS = 24


def network(seed, kind, n=3, m=2, n_trials=4, duration=5.0, dt=0.005, n_records=20):
    """Assumptions from the prior, measured weights (n_trials, n_times, n), times, losses, and directions of control.

    One cue drives n linear neurons. The derived rule moves by −Eg, E = ηk/G/(γ/2 + sqrt((γ/2 + j)² + ηkh/G)); so noise
    of intensity σ sqrt(ηk/Gh)/E in the fed-back errors is process noise that is constant in the metric.
    """
    rng = np.random.default_rng([seed, 11])
    value = {name: median * np.exp(sd * rng.standard_normal()) for name, (median, sd) in PRIOR.items()}
    discount, gain, decay = value["discount"], value["metric"], value["drift"]
    starts, targets = 2 * rng.standard_normal((2, n_trials, n))
    if kind == "mask":
        control, limits = np.eye(n)[:, :m], Controllability(mask=(np.arange(n) < m)[:, None])
    else:
        control = np.linalg.qr(rng.standard_normal((n, m)))[0]
        limits = Controllability(rank=control)
    entry = gain / (0.5 * discount + np.sqrt((0.5 * discount + decay) ** 2 + gain * CURVATURE))
    noise = value["process_strength"] * np.sqrt(gain / CURVATURE) / entry
    cue = np.sqrt(CURVATURE)
    circuit = load("feedforward_rate")(
        (1, n), seen_exactly(derive(Objective(discount, metric=1 / gain, drift=-decay))),
        patterns=np.full((n_trials, 1), cue), targets=cue * targets, order=np.arange(n_trials)[:, None],
        weights=[starts[..., None]], output="linear", n_batch=n_trials,
    )  # fmt: skip
    ran = run(
        circuit, duration, dt, seed=seed, record_every=duration / n_records, n_tracked=n,
        feedback=FeedbackChannel(noise=noise), controllability=limits,
    )  # fmt: skip
    weights = ran.weights["layer_1"].reshape(n_trials, -1, n)
    measured = weights + value["measurement_noise"] * rng.standard_normal(weights.shape)
    return value, measured, ran.times, [Quadratic(CURVATURE * np.ones(n), target) for target in targets], control


def test_assumptions_of_networks_with_partial_control_and_noisy_feedback_come_back():
    """Truth from the prior: ranks have standard normal scores, and 90 % intervals cover, within exact bounds.

    The weights out of control show the decay; then the rest point of the others shows γ even at one curvature. Euler
    steps move rates by about 1 %.
    """
    scores, inside = [], []
    for seed in range(N_NETWORKS):
        value, paths, times, losses, control = network(seed, ("rank", "mask")[seed % 2])
        unknown, options = ("discount", "metric", "drift"), {"n_draws": 500, "check": False}
        answer = infer(paths, losses, unknown, PRIOR, control=control, times=times, **options)
        truth = np.log([value[name] for name in answer.names])
        scores.append(normal_scores(truth, answer.draws))
        inside.append(covered(truth, answer.draws))
        assert answer.checks.smallest > FALSE_ALARMS / N_NETWORKS
    n_names = len(answer.names)
    assert np.all(np.abs(np.mean(scores, axis=0)) * np.sqrt(N_NETWORKS) < z(3 * n_names))
    assert np.all(np.mean(np.square(scores), axis=0) < 1 + variance_error(N_NETWORKS, 3 * n_names))
    low, high = counts(N_NETWORKS, 0.9, comparisons=3 * n_names)
    assert np.all((low <= np.sum(inside, axis=0)) & (np.sum(inside, axis=0) <= high))


def layer(rule, noise):
    """Weights (4 learners, n_times, 3) of a linear layer with noisy feedback, times, and their loss."""
    curvatures = [0.3, 1.5, 6.0]
    starts = np.array([[1.0, 1.0, 1.0], [-1.0, 0.5, 1.0], [0.5, -1.0, 0.7], [1.0, -0.4, -1.0]])
    feedback = FeedbackChannel(noise=noise)
    run_of = {"duration": 6.0, "dt": 0.002, "n_records": 40, "feedback": feedback}
    times, weights = learn(rule, balanced_patterns(curvatures), np.zeros((4, 3)), starts, **run_of)
    return weights.swapaxes(0, 1), times, Quadratic(curvatures, np.zeros(3))  # every output is a learner of its own


def test_assumptions_of_a_layer_come_back_under_noisy_feedback():
    """γ = η = k = 1, curvatures 0.3 to 6: posterior z-scores; Euler steps change rates by R·dt/2 < 1 %."""
    paths, times, loss = layer(derive(Objective(discount=1.0)), noise=0.02)
    answer = infer(paths, loss, process_noise="free", times=times, check=False)
    for name in ("discount", "metric"):
        i = answer.names.index(name)
        mean, sd = answer.draws[:, i].mean(), answer.draws[:, i].std()
        assert answer.verdict(name) == "identified"
        assert abs(mean) < z(2) * sd + 0.02  # ln 1 = 0
    assert not answer.rejected


def test_a_layer_with_adam_is_rejected():
    """Its steps do not shrink with the gradient: no linear motion, whatever the noise."""
    paths, times, loss = layer(rules.adam(learning_rate=0.002), noise=0.02)
    answer = infer(paths, loss, process_noise="free", times=times, check=False)
    assert answer.rejected
    assert np.isnan(answer.estimate("discount"))


def test_a_layer_whose_weights_have_two_states_is_rejected():
    """What is recorded is the sum of a fast and a slow weight, each with the derived rule of its own."""
    fast, times, loss = layer(derive(Objective(discount=1.0, plasticity=8.0)), noise=0.02)
    slow, _, _ = layer(derive(Objective(discount=1.0, plasticity=0.05)), noise=0.02)
    answer = infer(0.5 * (fast + slow), loss, process_noise="free", times=times, check=False)
    assert answer.checks.memory < 1e-6
    assert answer.rejected
