"""NESTML: a rule as a synapse of NEST, with what is needed to build it."""

from __future__ import annotations

import json
import textwrap
from importlib.metadata import version
from pathlib import Path

from plasticity.compile.file_head import words
from plasticity.compile.nestml import DELAY, POST_PORT, TRANSMITTER_PORT, own_states, synapse_text, transmitted
from plasticity.errors import InputError
from plasticity.pages.card import extract
from plasticity.rule import WEIGHT, Rule
from plasticity.support.checks import checked

NEURON = "lif_neuron"
_SECTIONS = ("Assumptions", "Limitations", "References")  # of the card of a rule, at the top of its text
_WIDTH = 116
_BUILD = "build_nest.py"
_ABOUT = """
Parameters are in ms, and so are rates: 0.01 per ms is 10 Hz. The weight is a number; a neuron gives it its unit.

Delay. NEST counts the whole delay d of a connection as dendritic: a pre spike that is sent at t acts on the synapse at
t, a post spike at its own time + d; the postsynaptic neuron receives the pre spike at t + d. Where the rule was
derived the delay is axonal: the pre spike acts at t + d, the post spike at once. So a lag t_post - t_pre acts here as
a lag that is longer by 2 d than there. To have the lags of an axonal delay, shift the spikes, not the text.

Order. A pre and a post spike that meet at the synapse act in the order pre, post. NEST hands them over the other way
round, so the synapse remembers what an event changes; another one at that time undoes and repeats it.

All states belong to the synapse: the option strictly_synaptic_vars says so (in the file that ends with .json). Without
it NESTML moves states of post spikes to the neuron, and loses spikes that slow traces need.
"""
_UPDATED = "A weight is brought up to date when a pre spike arrives, not before."
_TRANSMITTER = """
{event} reach the synapse by a volume transmitter, which is set with nest.CopyModel, and act after pre and post spikes
of their time, one delay after they are sent. The transmitter brings all its synapses up to date at the end of every
slice of simulation, which is as long as the shortest delay in the network. That must be one step of the simulation, and
deliver_interval 1: else pre spikes come to a synapse that is past their time. It notices, and makes its weight nan.
"""
_EVENTS = {"third_factor": "Third factors", "clock": "Ticks of the clock, every clock_step,"}
_NEURON_TEXT = """
# A leaky integrate-and-fire neuron with delta synapses: a spike of weight 1 moves the voltage by 1 mV.
model lif_neuron:
    state:
        V_m mV = 0.0 mV  # voltage above rest

    equations:
        V_m' = -V_m/tau_m

    parameters:
        tau_m ms = 20.0 ms
        V_threshold mV = 20.0 mV
        V_reset mV = 0.0 mV

    input:
        spikes <- spike

    output:
        spike

    update:
        integrate_odes()

    onReceive(spikes):
        V_m += spikes*(1 mV)*(1 s)

    onCondition(V_m >= V_threshold):
        V_m = V_reset
        emit_spike()
""".lstrip()


@checked
def nestml(rule: Rule, neuron: str | None = None) -> dict[str, str]:
    """Files of a rule as a synapse of NEST, by name.

    ``RULE_synapse.nestml`` is the synapse, ``RULE_synapse.json`` the options with which NESTML must translate it
    together with its postsynaptic neuron, ``build_nest.py`` builds all that is in a folder. All states are in the
    synapse, and a flow of the weight is solved in closed form. Third factors and clocks come by a volume transmitter.
    On the same spikes the weights are those of `plasticity.replay` with the delay of NEST as `dendritic_delay`.

    Parameters
    ----------
    rule : Rule
    neuron : str, optional
        Name of the NESTML model of the postsynaptic neurons, whose text you put beside the synapse. By default
        ``lif_neuron``, a leaky integrate-and-fire neuron whose text is one of the files.

    Raises
    ------
    InputError
        If NESTML cannot say what the rule does (a third factor and a clock together, delayed effects, variables of
        neurons, a flow without a closed form, some functions and names), or a parameter has no value or one for each
        synapse.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> list(nestml(pair_stdp()))
    ['pair_stdp_synapse.nestml', 'pair_stdp_synapse.json', 'build_nest.py', 'lif_neuron.nestml']
    """
    if neuron is not None and not (isinstance(neuron, str) and neuron.isidentifier()):
        raise InputError(f"neuron must be the name of a NESTML model, got {neuron!r}")
    name = f"{words(rule)}_synapse"
    options = {
        "neuron": neuron or NEURON,
        "post_ports": [POST_PORT],
        "delay_variable": DELAY,
        "weight_variable": WEIGHT.name,
        "strictly_synaptic_vars": own_states(rule),
    }
    if transmitted(rule):
        options["vt_ports"] = [TRANSMITTER_PORT]
    files = {
        f"{name}.nestml": synapse_text(rule, name, _head(rule)),
        f"{name}.json": json.dumps(options, indent=1) + "\n",
        _BUILD: (Path(__file__).parent / _BUILD).read_text(encoding="utf-8"),
    }
    return files if neuron else {**files, f"{NEURON}.nestml": _NEURON_TEXT}


def _head(rule: Rule) -> list[str]:
    """What stands above the text of a synapse."""
    about = [line for text in extract(rule, _SECTIONS) for line in textwrap.wrap(text, _WIDTH) or [""]]
    written = f"Written by steersman {version('steersman')}, which simulates the same rule."
    event = transmitted(rule)
    reading = textwrap.wrap(_TRANSMITTER.format(event=_EVENTS[event]), _WIDTH) if event else [_UPDATED]
    return [f"{rule.title}.", "", *about, "", *_ABOUT.strip().splitlines(), "", *reading, "", written]
