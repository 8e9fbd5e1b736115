"""Record of a circuit as a labelled Dataset that follows the schema of `plasticity.dataset`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from circuits.network.circuit import Population
from circuits.network.rate_circuit import RateRun
from circuits.network.run_record import Run
from circuits.running.labels import attributes, rules_of, synapse_coordinates
from plasticity.dataset import make_dataset
from plasticity.rule import Rule

if TYPE_CHECKING:
    import xarray as xr

Entries = dict[str, tuple]
RATES = {"rate": ("Hz", "rate"), "information": ("1", "Fisher information that the neuron believes in")}


def as_dataset(run: Run | RateRun) -> xr.Dataset:
    """Label what `circuits.run` recorded.

    Parameters
    ----------
    run : Run or RateRun

    Returns
    -------
    xarray.Dataset
        For every plastic projection NAME ``weight_NAME``, and STATE_NAME for every state that was recorded, along
        (``trial``,) ``time`` and ``synapse_NAME``, with the neurons ``post_NAME`` and ``pre_NAME`` at both ends;
        ``weight_mean_NAME`` and ``weight_std_NAME`` of all weights; ``final_weight_NAME``. For every population that
        was recorded the variables ``POPULATION_VARIABLE`` along ``neuron_POPULATION``, ``n_spikes_POPULATION``, and
        ``spike_time(spike)`` with ``spike_neuron``, ``spike_trial`` and ``spike_population``. A rate circuit has
        trials, the members of its batch, and a ``loss``.

    Examples
    --------
    >>> from circuits import load, run
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> ds = as_dataset(run(load("pairing")([[0.01]], [[0.02]], pair_stdp()), 0.03, record_every=0.01))
    >>> ds.weight_synapses.dims, ds.attrs["rule"]
    (('time', 'synapse_synapses'), 'pair_stdp')
    """
    return _of_rates(run) if isinstance(run, RateRun) else _of_spikes(run)


def _of_spikes(run: Run) -> xr.Dataset:
    variables: Entries = {}
    coordinates: Entries = {"time": ("time", run.times, "s", "time")}
    for name, rule in rules_of(run.circuit).items():
        projection = run.circuit.projection(name)
        variables[f"final_weight_{name}"] = (f"all_{name}", run.final[name], "1", f"weight of {name} at the end")
        if name not in run.tracked:
            continue
        tracked = run.tracked[name]
        coordinates |= synapse_coordinates(name, tracked, projection.targets[tracked], projection.sources[tracked])
        variables |= _tracked(name, ("time",), rule, run.weights[name], run.states.get(name, {}))
        variables |= _moments(name, ("time",), run.weight_mean[name], run.weight_std[name])
    for name, values in run.variables.items():
        population, _, variable = name.partition(".")
        unit = _unit(run.circuit.population(population), variable)
        along = ("time", f"neuron_{population}")
        variables[f"{population}_{variable}"] = (along, values, unit, f"{variable} of {population}")
    for name, count in run.counts.items():
        variables[f"n_spikes_{name}"] = (f"neuron_{name}", count, "1", f"number of spikes of {name}")
    about = attributes(run.circuit, run.engine, run.seed, {"dt": run.dt})
    return make_dataset(variables | _spikes(run), coordinates, **about)


def _spikes(run: Run) -> Entries:
    """Spikes of all populations that were recorded, in the order of time."""
    if not run.spikes:
        return {}
    times, neurons = (np.concatenate([pair[k] for pair in run.spikes.values()]) for k in (0, 1))
    names = np.repeat(np.array(list(run.spikes)), [pair[0].size for pair in run.spikes.values()])
    order = np.argsort(times, kind="stable")
    return {
        "spike_time": ("spike", times[order], "s", "time of a spike"),
        "spike_neuron": ("spike", neurons[order], "1", "neuron that fired"),
        "spike_trial": ("spike", np.zeros(order.size, np.int64), "1", "trial"),
        "spike_population": ("spike", names[order], "1", "population of the neuron"),
    }


def _unit(population: Population, variable: str) -> str:
    """Unit of a variable of a neuron, as its equations declare it; of what feedback fills, none is known here."""
    text = population.neuron.model if population.neuron is not None else ""
    found = re.search(rf"^\s*(?:d{variable}/dt\s*=.*|{variable}\s*(?:=.*)?):\s*([^(\n]+)", text, flags=re.MULTILINE)
    return found[1].strip() if found else "1"


def _of_rates(run: RateRun) -> xr.Dataset:
    batch = ("trial", "time")
    coordinates: Entries = {
        "time": ("time", run.times, "s", "time"),
        "trial": ("trial", run.circuit.trials, "1", "trial"),
    }
    variables: Entries = {"loss": (batch, run.loss, "Hz**2", "mean of half the squared error since the last record")}
    rules = rules_of(run.circuit)
    for name, weights in run.weights.items():
        targets, sources = run.tracked[name].T
        width = run.final[name].shape[-1]
        coordinates |= synapse_coordinates(name, targets * width + sources, targets, sources)
        variables |= _tracked(name, batch, rules.get(name), weights, run.states.get(name, {}))
        final = run.final[name].reshape(len(run.final[name]), -1)
        variables[f"final_weight_{name}"] = (("trial", f"all_{name}"), final, "1", f"weight of {name} at the end")
        if name in run.weight_mean:
            variables |= _moments(name, batch, run.weight_mean[name], run.weight_std[name])
    for kind, found in (("rate", run.rates), ("information", run.information)):
        for name, values in found.items():
            unit, meaning = RATES[kind]
            variables[f"{name}_{kind}"] = ((*batch, f"neuron_{name}"), values, unit, f"{meaning} of {name}")
    return make_dataset(variables, coordinates, **attributes(run.circuit, run.engine, run.seed, {"dt": run.dt}))


def _tracked(
    name: str, along: tuple[str, ...], rule: Rule | None, weights: np.ndarray, states: Mapping[str, np.ndarray]
) -> Entries:
    """Weights and recorded states of the tracked synapses of a projection."""
    units = {s.name: s.unit for s in rule.states} if rule is not None else {}
    return {
        f"{key}_{name}": ((*along, f"synapse_{name}"), values, units.get(key, "1"), f"{key} of {name}")
        for key, values in {"weight": weights, **states}.items()
    }


def _moments(name: str, along: tuple[str, ...], mean: np.ndarray, std: np.ndarray) -> Entries:
    """Mean and standard deviation of all weights of a projection."""
    return {
        f"weight_mean_{name}": (along, mean, "1", f"mean weight of {name}"),
        f"weight_std_{name}": (along, std, "1", f"standard deviation of the weights of {name}"),
    }
