"""e-prop in Brian2 against backpropagation through time with the same pseudo-derivative, in NumPy."""

import numpy as np
import pytest

import circuits
from circuits.recurrent_lif import recurrent_lif
from plasticity.errors import InputError, UnknownNameError
from plasticity.poisson import poisson_trains
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.signals.eprop import eprop
from tests.oracles.eprop_loop import learn

DT, STEPS, N, N_IN, N_OUT, TAU = 1e-3, 400, 12, 15, 2, 0.02
INPUTS = poisson_trains(40.0, N_IN, STEPS * DT, seed=3)
WANTED = 20 * np.array([np.sin(np.arange(STEPS) / 30), np.cos(np.arange(STEPS) / 40)]).T
RATE = 1e-12  # the weights stand still: their change is the gradient at the start
GAIN = 2.0  # input weights that make the neurons fire at about 30 Hz


def network(probability, feedback="symmetric", rule=None):
    draw = np.random.default_rng(0)
    weights = {
        "weight_input": GAIN * draw.standard_normal((N, N_IN)) / np.sqrt(N_IN) + 0.1,
        "weight_recurrent": 0.25,
        "weight_output": draw.standard_normal((N_OUT, N)) / np.sqrt(N),
    }
    rule = rule or gradient_descent(RATE)
    return recurrent_lif(
        INPUTS, WANTED, DT, rule, eprop(TAU), N, probability, feedback, tau_output=TAU, seed=1, **weights
    )


def matrices(circuit):
    changed = {"recurrence": np.zeros((N, N))}
    for p in circuit.projections:
        matrix = np.zeros((circuit.population(p.post).size, circuit.population(p.pre).size))
        matrix[p.targets, p.sources] = p.weight
        changed[p.name] = matrix
    return changed


def forward(w):
    """Spikes, pseudo-derivatives, traces and errors of the network, step by step as in the engine."""
    return learn(INPUTS, WANTED, w, DT, TAU)[2]


def backward(w, truncated):
    """∂L/∂w of input and recurrent weights for L = Σ dt e²/2, with dz = ψ ε dt dw; `truncated` as e-prop."""
    _, pseudo, psp_in, psp, error = forward(w)
    decay, decay_out = np.exp(-DT / 0.02), np.exp(-DT / TAU)
    later, through = np.zeros(N_OUT), np.zeros(N)
    gradients = {"input": np.zeros((N, N_IN)), "recurrence": np.zeros((N, N))}
    for n in range(STEPS - 1, -1, -1):
        effect = -w["output"].T @ later / TAU  # of a spike on the loss, through the readouts
        if not truncated:
            effect = effect + w["recurrence"].T @ through
        blame = pseudo[n] * DT * effect
        gradients["input"] += np.outer(blame, psp_in[n])
        gradients["recurrence"] += np.outer(blame, psp[n])
        later = decay_out * (later + error[n] * DT)
        through = decay * (through + blame)
    return gradients


def changes(circuit):
    result = circuits.run(circuit, STEPS * DT, DT, "numpy", record=("recurrent",))
    changed = {}
    for p in circuit.plastic:
        moved = (np.broadcast_to(p.weight, p.n_synapses) - result.final[p.name]) / RATE
        matrix = np.zeros((circuit.population(p.post).size, circuit.population(p.pre).size))
        matrix[p.targets, p.sources] = moved
        changed[p.name] = matrix
    return changed, result


def cosine(a, b):
    return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())


def test_the_network_fires_as_in_numpy():
    circuit = network(0.3)
    z = forward(matrices(circuit))[0]
    _, result = changes(circuit)
    times, neurons = result.spikes["recurrent"]
    changed = np.zeros((STEPS, N))
    changed[np.round(times / DT).astype(int), neurons] = 1
    assert z.sum() > 50
    np.testing.assert_array_equal(changed, z)


def test_without_recurrence_eprop_is_the_surrogate_gradient():
    """The eligibility is integrated by Euler steps, so that it differs by dt/2τ = 2.5 % at most."""
    circuit = network(0.0)
    changed, _ = changes(circuit)
    exact = backward(matrices(circuit), truncated=False)["input"]
    assert np.abs(exact).max() > 0
    assert np.abs(changed["input"] - exact).max() < 0.05 * np.abs(exact).max()


def test_with_recurrence_eprop_leaves_out_the_paths_through_others():
    """Its bias: the truncated gradient to the error of integration, but not the whole one."""
    circuit = network(0.5)
    changed, _ = changes(circuit)
    w = matrices(circuit)
    whole, part = backward(w, truncated=False), backward(w, truncated=True)
    wired = w["recurrence"] != 0
    assert cosine(changed["recurrence"][wired], part["recurrence"][wired]) > 0.999
    assert cosine(changed["input"], part["input"]) > 0.999
    assert 0.3 < cosine(changed["input"], whole["input"]) < 0.995


def test_learning_is_that_of_a_loop_in_numpy():
    """Weights after 0.4 s, all the time changing: sums in another order."""
    rate = 1e-3
    circuit = network(0.3, rule=gradient_descent(rate))
    w = matrices(circuit)
    first, loop, _ = learn(INPUTS, WANTED, w, DT, TAU, rate, w["recurrence"] != 0)
    final = circuits.run(circuit, STEPS * DT, DT, "numpy").final
    assert abs(first - w["input"]).max() > 1e-3
    for name, expected in (("input", first), ("recurrence", loop)):
        synapses = circuit.projection(name)
        np.testing.assert_allclose(final[name], expected[synapses.targets, synapses.sources], rtol=1e-10, atol=1e-13)


def test_the_network_learns_a_wave():
    """In 20 presentations the loss falls below 0.6 of that of the same network without learning.

    Without learning every presentation is like the one before, after those in which the network settles.
    """
    pattern, draw = poisson_trains(40.0, N_IN, 0.2, seed=5), np.random.default_rng(1)
    first, out = 0.15 + 0.3 * draw.standard_normal((30, N_IN)), draw.standard_normal((1, 30)) / 10
    losses = []
    for rule, n_repeats in ((gradient_descent(1e-3), 20), (None, 6)):
        inputs = tuple(np.concatenate([t + 0.2 * k for k in range(n_repeats)]).round(6) for t in pattern)
        targets = np.tile(20 * np.sin(2 * np.pi * np.arange(200) / 200)[:, None], (n_repeats, 1))
        circuit = recurrent_lif(
            inputs, targets, DT, rule, rule and eprop(TAU), 30, weight_input=first, weight_output=out, seed=2
        )
        options = {"record_every": DT, "record": ("readout.error",), "n_tracked": 1}
        error = circuits.run(circuit, 0.2 * n_repeats, DT, "numpy", **options).variables["readout.error"]
        losses.append((error**2).reshape(n_repeats, -1).mean(axis=1))
    assert np.ptp(losses[1][-3:]) < 0.05 * losses[1][-1]
    assert losses[0][-3:].mean() < 0.6 * losses[1][-3:].mean()


def test_bad_input_is_named():
    with pytest.raises(UnknownNameError, match="unknown feedback 'exact'"):
        recurrent_lif(INPUTS, WANTED, DT, feedback="exact")
    with pytest.raises(InputError, match="targets must have shape"):
        recurrent_lif(INPUTS, WANTED[:, 0], DT)
    with pytest.raises(InputError, match=r"targets must be finite"):
        recurrent_lif(INPUTS, np.full((5, 1), np.nan), DT)
