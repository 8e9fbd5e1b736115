"""An escape-rate neuron learns to be excited at two times (dotted) of a second that is repeated twenty times."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

n_repeats = 20
pattern = sm.poisson_trains(20.0, 100, duration=1.0, seed=1)
inputs = [np.concatenate([train + k for k in range(n_repeats)]).round(4) for train in pattern]
targets = [np.add.outer(np.arange(n_repeats), [0.3, 0.7]).ravel()]
rule = sm.rules.gradient_descent(0.002).with_signal(sm.signals.escape_rate_likelihood())
circuit = sm.circuits.escape_rate_neuron(inputs, targets, rule)
run = sm.circuits.run(circuit, float(n_repeats), dt=1e-3, device="numpy", record_every=0.005, record=("outputs.v",))
potential = sm.circuits.as_dataset(run).outputs_v.values.reshape(n_repeats, -1)

figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
for repeat, colour in ((0, "0.5"), (4, "#D55E00"), (n_repeats - 1, "#0072B2")):
    ax.plot(0.005 * np.arange(potential.shape[1]), potential[repeat], color=colour, label=f"presentation {repeat + 1}")
for time in (0.3, 0.7):
    ax.axvline(time, color="black", linestyle=":")
ax.set(xlabel="time in the presentation (s)", ylabel="potential v (threshold 1)")
ax.legend(frameon=False)
