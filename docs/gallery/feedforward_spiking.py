"""Pair STDP spreads the weights of a neuron with a thousand Poisson inputs over their range."""

from matplotlib.figure import Figure

import steersman as sm

inputs = sm.poisson_trains(15.0, 1000, duration=20.0, seed=2)
rule = sm.rules.pair_stdp(A_plus=0.02, A_minus=0.021, tau_plus=0.02, tau_minus=0.02).with_bounds(0.0, 1.0)
circuit = sm.circuits.feedforward_spiking(inputs, rule, weight=0.5)
run = sm.circuits.run(circuit, 20.0, dt=1e-3, device="numpy")

figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
ax.hist(run.final["synapses"], bins=25, color="#0072B2")
ax.set(xlabel="weight after 20 s (all began at 0.5)", ylabel="synapses")
