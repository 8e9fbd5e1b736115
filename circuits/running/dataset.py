"""Records of circuits as labelled Datasets that follow the schema of `plasticity.dataset`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit
from circuits.network.population import Population
from circuits.network.projection import Projection
from circuits.network.run_record import Run
from circuits.running.repeat import NAME, as_text, summary
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.rule import Rule
from plasticity.support.checks import checked

if TYPE_CHECKING:
    import xarray as xr

Entries = dict[str, tuple]


@checked
def as_dataset(run: Run) -> xr.Dataset:
    """Label what `circuits.run` recorded.

    Parameters
    ----------
    run : Run

    Returns
    -------
    xarray.Dataset
        For every plastic projection NAME ``weight_NAME``, and STATE_NAME for every state that was recorded, along
        (``trial``,) ``time`` and ``synapse_NAME`` (``synapse`` if there is one projection), with the neurons
        ``post_NAME`` and ``pre_NAME`` at both ends; ``weight_mean_NAME`` and ``weight_std_NAME`` of all weights;
        ``initial_weight_NAME`` and ``final_weight_NAME`` along ``all_NAME``, with the neurons ``post_all_NAME`` and
        ``pre_all_NAME``. For every population that was recorded the variables ``POPULATION_VARIABLE`` along
        ``neuron_POPULATION``, ``n_spikes_POPULATION``, and ``spike_time(spike)`` with ``spike_neuron``,
        ``spike_trial`` and ``spike_population``. A rate circuit has trials, the members of its batch, a ``loss``, and
        the weights of its fixed projections. ``run_arguments`` holds all that is needed to repeat the run, see
        `circuits.run_arguments`. Spiking circuits are recorded at the beginning of steps, so that the last record
        comes before the end; ``final_weight_NAME`` is the end. The attributes ``phase`` and ``repetition`` say which
        part of an experiment it is.

    Examples
    --------
    >>> from circuits import load, run
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> ds = as_dataset(run(load("pairing")([[0.01]], [[0.02]], pair_stdp()), 0.03, record_every=0.01))
    >>> ds.weight_synapses.dims, ds.attrs["rule"]
    (('time', 'synapse'), 'pair_stdp')
    """
    circuit = run.circuit
    batch = ("trial",) if circuit.is_rate else ()
    along = (*batch, "time")
    variables: Entries = {}
    coordinates: Entries = {"time": ("time", run.times, "s", "time")}
    if circuit.is_rate:
        coordinates["trial"] = ("trial", circuit.trials, "1", "trial")
        variables["loss"] = (along, run.loss, "Hz**2", "mean of half the squared error since the last record")
    for name, final in run.final.items():
        flat = final.reshape(len(final), -1) if circuit.is_rate else final
        coordinates |= _ends(name, circuit.projection(name))
        if name in run.initial:
            start = np.broadcast_to(run.initial[name], final.shape).reshape(flat.shape)
            variables[f"initial_weight_{name}"] = (
                (*batch, f"all_{name}"),
                start,
                "1",
                f"weight of {name} at the start",
            )
        variables[f"final_weight_{name}"] = ((*batch, f"all_{name}"), flat, "1", f"weight of {name} at the end")
        if name in run.tracked:
            tracked = run.tracked[name]
            targets, sources = (neurons[tracked] for neurons in circuit.projection(name).ends)
            synapse = synapse_dimension(name, run.final)
            coordinates |= synapse_coordinates(name, synapse, tracked, targets, sources)
            variables |= _tracked(
                name, (*along, synapse), circuit.rules.get(name), run.weights[name], run.states.get(name, {})
            )
        if name in run.weight_mean:
            variables |= _moments(name, along, run.weight_mean[name], run.weight_std[name])
    for name, values in run.variables.items():
        population, _, variable = name.partition(".")
        unit = _unit(circuit.population(population), variable)
        meaning = f"{variable} of {population}"
        variables[f"{population}_{variable}"] = ((*along, f"neuron_{population}"), values, unit, meaning)
    for name, count in run.counts.items():
        variables[f"n_spikes_{name}"] = (f"neuron_{name}", count, "1", f"number of spikes of {name}")
    variables |= argument_entries(run.arguments, {**coordinates, **variables})
    about = attributes(circuit, run.engine, run.seed, {"dt": run.dt}, run.arguments)
    return make_dataset(variables | _spikes(run), coordinates, **about, phase=run.phase, repetition=run.trial)


def _ends(name: str, projection: Projection) -> Entries:
    """Neurons at both ends of all synapses of a projection."""
    sides = zip(("post", "pre"), projection.ends, strict=True)
    return {
        f"{side}_all_{name}": (f"all_{name}", np.asarray(neurons, np.int32), "1", f"{side}synaptic neuron of {name}")
        for side, neurons in sides
    }


def argument_entries(arguments: Mapping[str, Any], present: Entries) -> Entries:
    """Variables with the arguments of a run; arrays that are there already are not stored again."""
    if not arguments:
        return {}
    shared = ("post_", "pre_", "initial_weight_")
    arrays = {name: np.asarray(entry[1]) for name, entry in present.items() if name.startswith(shared)}
    there = set(arrays)
    entries: Entries = {NAME: ((), as_text(arguments, arrays), "1", "arguments of circuits.run")}
    for name, values in arrays.items():
        if name not in there:
            axes = tuple(f"{name}_axis_{k}" for k in range(values.ndim))
            entries[name] = (axes, values, "1", "array in the arguments of circuits.run")
    return entries


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
    """Unit of a variable of a neuron, as its equations declare it; that of a variable set by feedback is not known."""
    if population.is_rate:
        return "Hz" if variable == "rate" else "1"
    text = population.neuron_model.model if population.neuron_model is not None else ""
    declared = re.search(rf"^\s*(?:d{variable}/dt\s*=.*|{variable}\s*(?:=.*)?):\s*([^(\n]+)", text, flags=re.MULTILINE)
    return declared[1].strip() if declared else "1"


def _tracked(
    name: str, along: tuple[str, ...], rule: Rule | None, weights: np.ndarray, states: Mapping[str, np.ndarray]
) -> Entries:
    """Weights and recorded states of the tracked synapses of a projection."""
    units = {s.name: s.unit for s in rule.states} if rule is not None else {}
    return {
        f"{key}_{name}": (along, values, units.get(key, "1"), f"{key} of {name}")
        for key, values in {"weight": weights, **states}.items()
    }


def _moments(name: str, along: tuple[str, ...], mean: np.ndarray, std: np.ndarray) -> Entries:
    """Mean and standard deviation of all weights of a projection."""
    return {
        f"weight_mean_{name}": (along, mean, "1", f"mean weight of {name}"),
        f"weight_std_{name}": (along, std, "1", f"standard deviation of the weights of {name}"),
    }


def attributes(
    circuit: Circuit, engine: str, seed: int, parameters: Mapping[str, Any], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Global attributes of a record of `circuit`; those of the run come before the parameters of rules and neurons."""
    rules = circuit.rules
    asked = {name: summary(value) for name, value in arguments.items() if name != "circuit" and value is not None}
    neurons = {p.name: p.neuron_model for p in circuit.populations if p.neuron_model is not None}
    values = {f"{name}.{p.name}": p.value for name, rule in rules.items() for p in rule.parameters}
    values |= {f"{name}.{k}": v for name, neuron in neurons.items() for k, (v, _) in neuron.parameters.items()}
    values |= {f"{p.name}.delay": p.delay for p in circuit.projections if np.any(p.delay)}
    return {
        "title": f"record of {circuit.name}",
        "rule": " ".join(dict.fromkeys(rule.name for rule in rules.values())),
        "engine": engine,
        "seed": seed,
        "circuit": circuit.name,
        "parameters": {**asked, **parameters, **{k: v for k, v in values.items() if np.ndim(v) == 0}},
        "references": tuple(dict.fromkeys(key for rule in rules.values() for key in rule.references)),
    }


def synapse_dimension(name: str, projections: Collection[str]) -> str:
    """Dimension of the tracked synapses of a projection, one of all in a file."""
    return "synapse" if len(projections) == 1 else f"synapse_{name}"


def synapse_coordinates(
    name: str, along: str, indices: ArrayLike, targets: ArrayLike, sources: ArrayLike
) -> dict[str, tuple]:
    """Coordinates of synapses of a projection: which they are, and the neurons at their ends.

    Raises
    ------
    InputError
        If the name cannot stand in a file.
    """
    if "/" in name:
        raise InputError(f"projection {name!r} cannot be a name in a file; leave out the '/'")
    return {
        along: (along, np.asarray(indices), "1", f"synapse of {name}"),
        f"post_{name}": (along, np.asarray(targets, np.int32), "1", f"postsynaptic neuron of {name}"),
        f"pre_{name}": (along, np.asarray(sources, np.int32), "1", f"presynaptic neuron of {name}"),
    }
