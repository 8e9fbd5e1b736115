"""A network of rates learns eight associations: by the exact error, and by errors fed back through random weights."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

draw = np.random.default_rng(0)
patterns, targets = draw.normal(size=(8, 10)), draw.normal(size=(8, 3))
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
for signal, colour in ((sm.signals.exact_error(), "#0072B2"), (sm.signals.random_feedback(), "#D55E00")):
    rule = sm.rules.gradient_descent(0.2).with_signal(signal)
    circuit = sm.circuits.feedforward_rate((10, 30, 3), rule, patterns=patterns, targets=targets, n_batch=10, seed=3)
    run = sm.circuits.run(circuit, 200.0, dt=0.1, record_every=2.0)
    loss = sm.circuits.as_dataset(run).loss
    ax.plot(loss.time, loss.mean("trial"), color=colour, label=signal.name)
ax.set(xlabel="time (s)", ylabel="loss (Hz²), mean of ten networks", yscale="log")
ax.legend(frameon=False)
