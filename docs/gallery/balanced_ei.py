"""A balanced network with plastic inhibition: the rate of excitatory neurons moves to the target of the homeostasis."""

import numpy as np
import sympy as sp
from matplotlib.figure import Figure

import steersman as sm

figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
for target, colour in ((3.0, "#0072B2"), (12.0, "#D55E00")):
    rule = sm.derive(sm.Objective(sp.oo, plasticity=0.15)).with_signal(sm.signals.homeostasis(target))
    inhibition = rule.with_bounds(0.0, 100.0)
    circuit = sm.circuits.balanced_ei(500, inhibition=inhibition, probability=0.2, seed=1)
    run = sm.circuits.run(circuit, 2.0, dt=1e-3, device="numpy", record=("excitatory",))
    times, _ = run.spikes["excitatory"]
    counts, edges = np.histogram(times, bins=20, range=(0.0, 2.0))
    ax.step(edges[:-1], counts / 0.1 / 400, where="post", color=colour, label=f"target {target:g} Hz")
    ax.axhline(target, color=colour, linestyle=":")
ax.set(xlabel="time (s)", ylabel="rate of excitatory neurons (Hz)")
ax.legend(frameon=False)
