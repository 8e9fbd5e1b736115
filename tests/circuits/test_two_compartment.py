"""A neuron of two compartments against the exact solution of its equations, and its plateaus."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm

import steersman as sm
from circuits.neurons.two_compartment import two_compartment

DT = 1e-3


def made(trains, weight, receptor="dendrite", rule=None, **neuron):
    source = sm.Population("input", trains)
    cell = sm.Population("cell", neuron=two_compartment(**neuron), n=1)
    return sm.Circuit(
        "two", (source, cell), (sm.Projection("s", "input", "cell", rule, weight=weight, receptor=receptor),)
    )


def record(circuit, *names, duration=1.0):
    run = sm.circuits.run(
        circuit, duration, DT, device="numpy", record=[f"cell.{name}" for name in names], record_every=DT
    )
    return [run.variables[f"cell.{name}"][:, 0] for name in names]


@pytest.mark.parametrize("receptor", ["soma", "dendrite"])
def test_below_thresholds_it_is_a_linear_system(receptor):
    """Potentials after one spike are those of the matrix exponential; rk4 errs by (dt/τ)⁵/120 a step, for some 5 τ."""
    v, v_dendrite = record(made([[0.01]], 5.0, receptor, tau_dendrite=0.01), "v", "v_dendrite", duration=0.1)
    leak = np.array([[-1.5, 0.5, 1, 0], [0.5, -1.5, 0, 1], [0, 0, -1, 0], [0, 0, 0, -1]])
    flow = leak / np.array([0.02, 0.01, 5e-3, 5e-3])[:, None]
    start = np.array([0, 0, 5e-3 * (receptor == "soma"), 5e-3 * (receptor == "dendrite")])
    deviation = np.stack([v, v_dendrite]) + 0.065
    [first] = np.flatnonzero(deviation.any(axis=0))[:1]
    exact = np.stack([expm(flow * DT * (k + 1)) @ start for k in range(deviation.shape[1] - first)], axis=1)
    assert np.abs(deviation).max() > 3e-4
    assert_allclose(deviation[:, first:], exact[:2], atol=5 * (DT / 5e-3) ** 4 / 120 * np.abs(exact).max())


def test_a_plateau_lasts_as_long_as_it_should_and_pauses():
    """The dendrite stays above its threshold: plateaus of 300 ms, 100 ms apart."""
    [strong] = record(made([np.arange(1, 1200) * DT], 60.0), "plateau", duration=1.2)
    edges = np.flatnonzero(np.diff(strong, prepend=0.0))
    assert_array_equal(np.diff(edges)[:4], [300, 100, 300, 100])
    [weak] = record(made([np.arange(1, 200) * DT], 1.0), "plateau", duration=0.2)
    assert not weak.any()


def test_a_plateau_drives_the_soma():
    """Without it, and with the same input, the soma is silent."""
    trains, runs = [np.arange(1, 20) * DT], {}
    for drive in (0.0, 0.1):
        circuit = made(trains, 20.0, plateau_drive=drive)
        runs[drive] = sm.circuits.run(circuit, 0.5, DT, device="numpy").counts["cell"][0]
    assert runs[0.1] > 3
    assert runs[0.0] <= 1


def test_a_rule_reads_how_long_a_plateau_lasts():
    plateau = sm.NeuronVariable("plateau", "post", "1", "plateau potential")
    rate = sm.Parameter("A", 2.0, "Hz", meaning="growth during a plateau")
    rule = sm.Rule(
        "of_plateau",
        "Weights grow during plateaus",
        weight_flow="A*plateau_post",
        parameters=(rate,),
        variables=(plateau,),
    )
    circuit = made([np.arange(1, 20) * DT], 20.0, rule=rule)
    final = sm.circuits.run(circuit, 0.5, DT, device="numpy").final["s"]
    assert final == pytest.approx(20.0 + 2.0 * 0.3, rel=1e-12)


@pytest.mark.parametrize("name", ["tau_soma", "plateau_duration", "plateau_pause"])
def test_times_are_positive(name):
    with pytest.raises(sm.InputError, match=name):
        two_compartment(**{name: 0.0})
