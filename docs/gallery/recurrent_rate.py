"""Recurrent networks of rates learn to settle at targets; the exact error is itself a fixed point of a network."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

draw = np.random.default_rng(4)
patterns, targets = draw.normal(size=(3, 4)), 0.5 * draw.normal(size=(3, 6))
rule = sm.rules.gradient_descent(0.3).with_signal(sm.signals.exact_error())
circuit = sm.circuits.recurrent_rate(6, rule, patterns=patterns, targets=targets, hold=0.5, n_batch=8, seed=5)
run = sm.circuits.run(circuit, 60.0, dt=1e-3, record_every=1.5)
loss = sm.circuits.as_dataset(run).loss

figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
ax.plot(loss.time, loss.T, color="#0072B2", linewidth=0.8)
ax.set(xlabel="time (s)", ylabel="loss (Hz²), eight networks", yscale="log")
