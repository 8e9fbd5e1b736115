"""Networks of integrate-and-fire neurons against a Brian2 script in Brian2's own order of a time step.

Both start at rest, so that the first update changes nothing, and the cycle of a step is the same. Brian2 counts the
step of the spike as one of the refractory period: its neurons start one step sooner than the closed form has it, and
get that step back here.
"""

import brian2 as b
import numpy as np
import pytest

import circuits
from circuits import Circuit, Population, Projection, load
from circuits.neurons.integrate_and_fire import conductance_lif
from circuits.running.run import compiler
from circuits.spiking.brian import with_brian
from plasticity.poisson import poisson_trains
from plasticity.rules.pair_stdp import pair_stdp
from tests.oracles.plain_brian import balanced_2011

DURATION, N_IN, N = 0.5, 80, 3
A_PLUS, A_MINUS = 0.02, 0.024
RECURRENT = np.array([[0.0, 2.0, 3.0], [1.0, 0.0, 2.0], [2.0, 1.0, 0.0]])
START = np.random.default_rng(1).uniform(2.0, 6.0, (N, N_IN))
NEURON = """
dv/dt = (-74*mV - v + g*(0*mV - v))/(10*ms) : volt (unless refractory)
dg/dt = -g/(5*ms) : 1
"""
SYNAPSE = """
w : 1
dx/dt = -x/tau_plus : 1 (event-driven)
dy/dt = -y/tau_minus : 1 (event-driven)
"""


def inputs(dt):
    return poisson_trains(30.0, N_IN, DURATION, dt, seed=2)


@with_brian
def by_hand(dt, refractory):
    """Spikes and final weights of the network as one writes it in Brian2."""
    before, b.prefs.codegen.target = b.prefs.codegen.target, "numpy"
    clock = b.Clock(dt * b.second)
    bins = [np.round(t / dt).astype(int) for t in inputs(dt)]
    neurons_in, steps = np.repeat(np.arange(N_IN), [k.size for k in bins]), np.concatenate(bins)
    source = b.SpikeGeneratorGroup(N_IN, neurons_in, steps * dt * b.second, clock=clock)
    pause = refractory + dt if refractory else 0.0
    cells = b.NeuronGroup(
        N,
        NEURON,
        threshold="v > -54*mV",
        reset="v = -60*mV",
        refractory=pause * b.second,
        method="euler",
        clock=clock,
    )
    cells.v = -74 * b.mV
    values = {k: v for k, v in pair_stdp(A_PLUS, A_MINUS).values.items() if k.startswith("tau")}
    learning = b.Synapses(
        source,
        cells,
        SYNAPSE,
        on_pre="g_post += 0.01*w\nw -= a_minus*y\nx += 1",
        on_post="w += a_plus*x\ny += 1",
        delay={"pre": 2 * b.ms},
        clock=clock,
        namespace={k: v * b.second for k, v in values.items()} | {"a_plus": A_PLUS, "a_minus": A_MINUS},
    )
    learning.connect()
    learning.post.order = 1  # of spikes at one time the presynaptic one comes first
    learning.w = START.T.ravel()
    fixed = b.Synapses(cells, cells, "w : 1", on_pre="g_post += 0.01*w", delay=1 * b.ms, clock=clock)
    fixed.connect()
    fixed.w = RECURRENT.T.ravel()
    monitor = b.SpikeMonitor(cells)
    b.Network(source, cells, learning, fixed, monitor).run(DURATION * b.second)
    b.prefs.codegen.target = before
    return np.asarray(monitor.t), np.asarray(monitor.i), np.asarray(learning.w).reshape(N_IN, N).T


def ours(dt, refractory, device):
    cells = Population("cells", neuron=conductance_lif(refractory=refractory), n=N)
    rule = pair_stdp(A_PLUS, A_MINUS)
    learning = Projection("learning", "inputs", "cells", rule, weight=START, receptor="excitatory", delay=2e-3)
    fixed = Projection("fixed", "cells", "cells", weight=RECURRENT, receptor="excitatory", delay=1e-3)
    circuit = Circuit("golden", (Population("inputs", inputs(dt)), cells), (learning, fixed))
    return circuits.run(circuit, DURATION, dt, device, record=("cells",))


def check(device, dt, refractory):
    times, neurons, weights = by_hand(dt, refractory)
    run = ours(dt, refractory, device)
    assert times.size > 20
    np.testing.assert_allclose(run.spikes["cells"][0], times, atol=1e-9)
    np.testing.assert_array_equal(run.spikes["cells"][1], neurons)
    np.testing.assert_allclose(run.final["learning"].reshape(N, N_IN), weights, rtol=1e-9)


@pytest.mark.parametrize(("dt", "refractory"), [(1e-3, 0.0), (1e-3, 1e-3), (2.5e-4, 0.0), (2.5e-4, 5e-3)])
def test_spikes_and_weights_are_those_of_a_brian2_script(dt, refractory):
    check("numpy", dt, refractory)


def test_a_balanced_network_with_inhibitory_plasticity():
    """Chaotic, and yet all spikes are the same; the script begins with an update, so that it is a step ahead."""
    circuit, dt, duration = load("balanced_ei")(300, seed=1, probability=0.1), 2e-4, 0.3
    excitatory, inhibitory = (circuit.population(name) for name in ("excitatory", "inhibitory"))
    starts = np.concatenate([p.neuron.initial["v"] for p in (excitatory, inhibitory)])
    wiring = {p.name: (p.sources, p.targets) for p in circuit.projections}
    weights = {p.name: p.weight for p in circuit.projections}
    rule = circuit.projection("ie").rule
    eta, alpha = 4e-3 / (2 * 0.02), 2 * 5.0 * 0.02
    given = wiring, weights, starts, excitatory.size, eta, alpha, rule.bounds[1]
    times, neurons, final = balanced_2011(*given, duration - dt, dt)
    run = circuits.run(circuit, duration, dt, "numpy", record=("excitatory", "inhibitory"))
    ours = [
        set(zip(np.round(t / dt).astype(int), i + shift, strict=True))
        for (t, i), shift in zip(map(run.spikes.get, ("excitatory", "inhibitory")), (0, excitatory.size), strict=True)
    ]
    assert times.size > 300
    assert ours[0] | ours[1] == set(zip(np.round(times / dt).astype(int) + 1, neurons, strict=True))
    assert np.ptp(final) > 0.1
    np.testing.assert_allclose(run.final["ie"], final, rtol=1e-9)


@pytest.mark.slow  # compiles a model
@pytest.mark.compiled
@pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler")
def test_also_as_a_compiled_program():
    for dt, refractory in ((1e-3, 0.0), (2.5e-4, 0.0), (2.5e-4, 5e-3)):
        check("cpp", dt, refractory)
