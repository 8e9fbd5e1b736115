"""Sixty pairs at 1 Hz, one synapse for each delay: the window of the rule, by a network of one synapse each."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

delays = 1e-3 * np.array([*range(-80, 0, 5), *range(5, 81, 5)])
trains = [sm.pairing(float(delay), 1.0, 60) for delay in delays]
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
for rule, colour in ((sm.rules.pair_stdp(), "#0072B2"), (sm.rules.triplet_stdp(), "#D55E00")):
    circuit = sm.circuits.pairing([pre for pre, _ in trains], [post for _, post in trains], rule)
    run = sm.circuits.run(circuit, 61.0, dt=1e-3, device="numpy")
    ax.plot(1e3 * delays, 100 * (run.final["synapses"] - 1), color=colour, label=rule.name)
ax.axhline(0, color="0.7", linewidth=0.8)
ax.set(xlabel="post minus pre spike (ms)", ylabel="weight change (%)")
ax.legend(frameon=False)
