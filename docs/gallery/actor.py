"""An actor of spiking neurons votes for one of two actions, a critic rewards the right one: choices become right."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

n_trials, period, n_inputs = 100, 0.2, 20
draw = np.random.default_rng(0)
targets = np.where(draw.random(n_trials) < 0.5, 1, -1)  # half of the inputs fire fast for +1, the others for -1
inputs = []
for i, train in enumerate(sm.poisson_trains(60.0, n_inputs, n_trials * period, seed=0)):
    fast = (targets[(train / period).astype(int)] > 0) == (i < n_inputs // 2)
    inputs.append(train[fast | (draw.random(train.size) < 0.1)])
rule = sm.rules.gradient_descent(0.05).with_signal(sm.signals.reward_modulated(0.2))
circuit = sm.circuits.actor(inputs, targets, period, rule, weight=0.15)
run = sm.circuits.run(circuit, n_trials * period, dt=1e-3, device="numpy", record=("actor",), seed=1)

times, neurons = run.spikes["actor"]
votes = np.zeros(n_trials)
np.add.at(votes, np.minimum((times / period).astype(int), n_trials - 1), np.where(neurons < 5, 1, -1))
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
ax.axhline(0, color="0.7", linewidth=0.8)
ax.plot(votes * targets, ".", color="#0072B2")
ax.set(xlabel="trial", ylabel="votes for the right action\nminus votes for the wrong one")
