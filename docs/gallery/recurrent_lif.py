"""A recurrent spiking network learns to read out a wave by e-prop."""

import numpy as np
from matplotlib.figure import Figure

import steersman as sm

n_repeats, n_inputs, dt = 40, 15, 1e-3
pattern, draw = sm.poisson_trains(40.0, n_inputs, 0.2, seed=5), np.random.default_rng(1)
inputs = [np.concatenate([train + 0.2 * k for k in range(n_repeats)]).round(6) for train in pattern]
wave = 20 * np.sin(2 * np.pi * np.arange(200) / 200)
rule = sm.rules.gradient_descent(1e-3).with_signal(sm.signals.eprop(0.02))
circuit = sm.circuits.recurrent_lif(
    inputs,
    np.tile(wave[:, None], (n_repeats, 1)),
    dt,
    rule,
    n=30,
    weight_input=0.15 + 0.3 * draw.standard_normal((30, n_inputs)),
    weight_output=draw.standard_normal((1, 30)) / 10,
    seed=2,
)
run = sm.circuits.run(circuit, 0.2 * n_repeats, dt, "numpy", record_every=dt, record=("readout.error",), n_tracked=1)
error = (run.variables["readout.error"].reshape(n_repeats, -1) ** 2).mean(axis=1)

figure = Figure(figsize=(6.4, 3.2), layout="constrained")
ax = figure.subplots()
ax.axhline((wave**2).mean(), color="black", linestyle=":", label="a readout of zero")
ax.plot(np.arange(1, n_repeats + 1), error, color="#0072B2", label="network")
ax.set(xlabel="presentation of the wave", ylabel="squared error of the readout (Hz²)")
ax.legend(frameon=False)
