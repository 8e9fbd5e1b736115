"""Findings of published models at full length: what learning did, against the same neurons before it.

Each is a run of a scenario with its defaults, compiled, as its docstring reports it; a ratio below what is wanted would
mean that the finding of the source is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row

import scenarios

SEED = 1


def rows(quick: bool) -> Iterator[Row]:
    """One or two rows per model; quick ones are shorter."""
    yield from competition({"duration": 250.0} if quick else {})
    yield from balance({"duration": 60.0} if quick else {})
    yield from reward({"n_trials": 1} if quick else {})
    yield from digits({"rules": ("derived", "untrained")} if quick else {})


def competition(settings: dict) -> Iterator[Row]:
    """Song, Miller & Abbott 2000: rates become alike, weights go to their bounds."""
    run = scenarios.run("competitive_stdp", SEED, "cpp", rules=("pair",), **settings).isel(trial=0, rule=0)
    before, after = (run.firing_rate.sel(stage=stage) for stage in ("before", "after"))
    spread = [float(rates.max() / rates.min()) for rates in (after, before)]
    yield Row("competitive_stdp: highest over lowest rate, learned", "before learning", *spread, "1", (10.0, np.inf))
    outer = [float(((w < 0.1) | (w > 0.9)).mean()) for w in (run.initial_weight, run.weight)]
    what = "competitive_stdp: share of weights in the outer tenths"
    yield Row(what, "theirs: after learning", *outer, "1", (2.0, np.inf))


def balance(settings: dict) -> Iterator[Row]:
    """Vogels et al. 2011: the rate falls towards its target; inhibition mirrors excitation."""
    run = scenarios.run("inhibitory_balance", SEED, "cpp", rules=("published",), **settings).isel(rule=0)
    rate = run.firing_rate.mean("trial")
    proof = f"correlation of weights {float(run.mirror.min()):.3f}"
    figures = float(rate[-5:].mean()), float(rate[1])
    yield Row("inhibitory_balance: rate, learned", "at the start", *figures, "Hz", (5.0, np.inf), proof)


def reward(settings: dict) -> Iterator[Row]:
    """Izhikevich 2007: the rewarded weight stands above the others, in the last third of the run."""
    run = scenarios.run("distal_reward", SEED, "cpp", rules=("published",), **settings).isel(rule=0)
    late = run.isel(time=slice(2 * run.sizes["time"] // 3, None))
    figures = [float(late[name].mean()) for name in ("other_weight", "rewarded_weight")]
    proof = f"bound {run.attrs['highest']:g} mV"
    yield Row(
        "distal_reward: mean of the other weights", "theirs: the rewarded one", *figures, "mV", (2.0, np.inf), proof
    )


def digits(settings: dict) -> Iterator[Row]:
    """Diehl & Cook 2015: what learning adds to the accuracy on held-out images, in standard errors over networks."""
    run = scenarios.run("unsupervised_digits", SEED, "cpp", **settings)
    accuracy, readout = run.accuracy, float(run.readout_accuracy.mean())
    for rule in (name for name in run.rule.values if name != "untrained"):
        gain = accuracy.sel(rule=rule) - accuracy.sel(rule="untrained")
        figures = float(gain.std(ddof=1)) / run.sizes["trial"] ** 0.5, float(gain.mean())
        learned, untrained = (float(accuracy.sel(rule=name).mean()) for name in (rule, "untrained"))
        proof = f"accuracy {learned:.3f}, untrained {untrained:.3f}, linear readout {readout:.3f}"
        what = f"unsupervised_digits: standard error of the gain, {rule}"
        yield Row(what, "theirs: the gain", *figures, "1", (5.0, np.inf), proof)
