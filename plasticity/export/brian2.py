"""Brian2: a rule that runs on spikes as a plain script of one synapse between two neurons that spike at given times."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from plasticity.compile.brian import SynapseModel, brian_unit, compile_rule
from plasticity.compile.classify import event_driven
from plasticity.compile.elementwise import CLIPPED, brian_text
from plasticity.compile.file_head import SECTIONS, docstring, words
from plasticity.compile.gradient_step import wrapped
from plasticity.compile.increments import statements
from plasticity.errors import InputError
from plasticity.pages.card import extract
from plasticity.replay import spike_train
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule, flows
from plasticity.support.checks import checked, require_number

PRE = tuple(0.01 + 0.05 * k for k in range(10))  # s: pairs at 20 Hz, pre 10 ms before post
POST = tuple(0.02 + 0.05 * k for k in range(10))
THIRD_FACTOR = (0.52, 0.82)
_TICKS = 5  # of a rule with a clock, by default
_OUTSIDE = ("third_factor", "clock")  # events that are not spikes of the two neurons
_IMPORTED = ["BrianLogger", "SpikeGeneratorGroup", "StateMonitor", "Synapses", "defaultclock", "hertz"]
_IMPORTED += ["magic_network", "ms", "prefs", "run", "second"]
_RESERVED = {"np", *_IMPORTED}
_RESERVED |= {"pre", "post", "pre_delayed", "third_factor", "clock", "synapse", "reaction", "tick", "course", "t"}
_RESERVED |= {"pre_times", "post_times", "third_factor_times", "axonal_delay", "duration"}
_WIDTH = 100


@checked
def brian2(
    rule: Rule,
    pre_spikes: ArrayLike = PRE,
    post_spikes: ArrayLike = POST,
    third_factor: ArrayLike | None = None,
    axonal_delay: float = 0.0,
    duration: float | None = None,
    weight: float = 1.0,
    dt: float = 1e-4,
) -> dict[str, str]:
    """Text of a Brian2 script with one synapse of a rule between two neurons, by file name.

    The script needs Brian2 and NumPy only and prints the weight. On the same spikes it is that of `plasticity.replay`:
    to rounding where all flows are linear, else with the error of a Runge–Kutta step of 4th order, or of one step
    where a flow has a threshold or the rule an event at ``pre_delay``.

    Parameters
    ----------
    rule : Rule
        A rule that runs on spikes.
    pre_spikes, post_spikes, third_factor : (n,) array
        Times [s] of spikes and of third factors, multiples of `dt`; by default ten pairs, and two third factors for a
        rule that reacts to them.
    axonal_delay : float
        Time [s] from a presynaptic spike to its effect, a multiple of `dt`; postsynaptic spikes act at once.
    duration : float, optional
        End of the run [s]; by default 1 s, or five ticks of the clock of a rule that has one.
    weight : float
        Weight at the start [1].
    dt : float
        Time step [s].

    Raises
    ------
    InputError
        If the rule needs a gradient or a variable of a neuron, a parameter has no value or several, or a time is no
        multiple of `dt`.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(*[line for line in brian2(pair_stdp())["pair_stdp_brian2.py"].splitlines() if "dpre_trace" in line])
        dpre_trace/dt = -pre_trace/tau_plus : 1 (event-driven)
    """
    model = _model(rule)
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    if third_factor is None:
        third_factor = THIRD_FACTOR if model.on_third_factor else ()
    trains = {"pre_spikes": pre_spikes, "post_spikes": post_spikes, "third_factor": third_factor}
    checked_trains = {name: _on_grid(name, spike_train(name, times), dt) for name, times in trains.items()}
    if checked_trains["third_factor"].size and not model.on_third_factor:
        raise InputError(f"third_factor: rule {rule.name!r} does nothing at such events; leave it out")
    delay = require_number("axonal_delay", axonal_delay, low=0, unit="s")
    _on_grid("axonal_delay", np.array([delay]), dt)
    last = max(times[-1:].max(initial=0.0) for times in checked_trains.values())
    if duration is None:
        duration = max(1.0, last + dt, _TICKS * (model.clock_dt or 0.0))
    duration = require_number("duration", duration, low=last, unit="s (the last event)")
    times = [
        f"pre_times = {_times(checked_trains['pre_spikes'])}",
        f"post_times = {_times(checked_trains['post_spikes'])}",
        *([f"third_factor_times = {_times(checked_trains['third_factor'])}"] if model.on_third_factor else []),
        f"axonal_delay = {_quantity(delay, 's')}  # a pre spike acts so much later, a post spike at once",
        f"duration = {_quantity(duration, 's')}",
    ]
    low, high = rule.bounds or (-np.inf, np.inf)
    weight = require_number("weight", weight, low=low, high=high)
    return {f"{words(rule)}_brian2.py": _script(rule, model, times, weight, dt)}


def _model(rule: Rule) -> SynapseModel:
    """Strings of the synapse, whose parameters are numbers."""
    if {GRADIENT, CURVATURE} & set(rule.inputs):
        raise InputError(
            f"rule {rule.name!r} reads a gradient, which spikes do not provide; export it with a signal that does, "
            "such as adam+bcm, or `rule.with_signal(…)`"
        )
    model = compile_rule(rule)
    if model.needs:
        names = ", ".join(f"{v.name} ({v.meaning})" for v in model.needs)
        raise InputError(
            f"rule {rule.name!r} reads {names}, which neurons that spike at given times do not have; "
            "put it into a circuit with such neurons (`circuits`)"
        )
    for name, (value, _) in model.parameters.items():
        if np.ndim(value):
            raise InputError(
                f"{name} of rule {rule.name!r} has {np.size(value)} values; a script has one synapse: give one number"
            )
    clash = sorted(_RESERVED & {*rule.values, *(s.name for s in rule.states)})
    if clash:
        raise InputError(f"rule {rule.name!r} defines {clash[0]!r}, a name of the exported program; rename it")
    return model


def _script(rule: Rule, model: SynapseModel, times: list[str], weight: float, dt: float) -> str:
    stepped = model.method is not None or any(event in rule.events for event in _OUTSIDE)
    use = [f"python {words(rule)}_brian2.py"]
    head = docstring(rule, "one synapse between two neurons in Brian2", extract(rule, SECTIONS), use, _notes(model))
    parts = [
        f'prefs.codegen.target = "numpy"  # needs no compiler; "cython" is faster in a large network\n'
        f"defaultclock.dt = {_quantity(dt, 's')}  # times of spikes and delays are multiples of it",
        "\n".join(["# Spikes", *times]),
        "\n".join(["# Parameters", *_parameters(rule, model)]),
        "\n".join(["# Two neurons and the synapse between them", *_synapse(rule, model, stepped, weight)]),
        *_outside(rule, model),
        "\n".join(_run(model, stepped)),
    ]
    body = "\n\n".join(parts)
    used = [name for name in _IMPORTED if re.search(rf"\b{name}\b", body)]
    imports = ["import numpy as np", *wrapped("from brian2 import (", used, ")", "from brian2 import ")]
    return "\n\n".join([head, "\n".join(imports), body]) + "\n"


def _notes(model: SynapseModel) -> str:
    text = "At one time pre comes before post, then third factors, then clock ticks."
    if model.on_pre_delayed or "int(" in model.model:
        text += " Delays are rounded to steps and thresholds are crossed at steps: a smaller step is more accurate."
    return text


def _parameters(rule: Rule, model: SynapseModel) -> list[str]:
    records = {p.name: p for p in rule.parameters}
    shown = [p for p in rule.parameters if p.name in model.parameters or p.name in ("pre_delay", "clock_step")]
    lines = [(f"{p.name} = {_quantity(p.value, p.unit)}", p.meaning) for p in shown]
    lines += [(f"{name} = {value!r}", "bound") for name, (value, _) in model.parameters.items() if name not in records]
    return [f"{line}  # {meaning}" if meaning else line for line, meaning in lines]


def _synapse(rule: Rule, model: SynapseModel, stepped: bool, weight: float) -> list[str]:
    declared = {f"{name} :" for name in model.parameters}
    equations = [line for line in model.model.splitlines() if not any(line.startswith(d) for d in declared)]
    on_pre = {"pre": model.on_pre, "pre_delayed": model.on_pre_delayed}
    on_pre = {name: text for name, text in on_pre.items() if text}
    arguments = [_block("model", [e.replace("event-driven", "clock-driven") if stepped else e for e in equations])]
    if list(on_pre) == ["pre"]:
        arguments.append(_block("on_pre", statements(model.on_pre)))
    elif on_pre:
        blocks = [_block(f'"{name}"', statements(text), ": ") for name, text in on_pre.items()]
        arguments.append(f"on_pre={{{', '.join(blocks)}}}")
    if model.on_post:
        arguments.append(_block("on_post", statements(model.on_post)))
    if stepped:
        arguments.append(f'method="{_method(rule)}"')
    lines = [
        *_source("pre"),
        *_source("post"),
        "synapse = Synapses(",
        "    pre,",
        "    post,",
        *(f"    {argument}," for argument in arguments),
        ")",
        "synapse.connect()",
        f"synapse.w = {weight!r}",
    ]
    units = {s.name: s.unit for s in rule.states}
    lines += [f"synapse.{name} = {_quantity(v, units[name])}" for name, v in model.initial.items() if v]
    lines += ["synapse.pre.delay = axonal_delay"] if "pre" in on_pre else []
    if "pre_delayed" in on_pre:
        lines += [
            "synapse.pre_delayed.delay = axonal_delay + pre_delay",
            "synapse.pre_delayed.order = -5  # before pre",
        ]
    return lines


def _outside(rule: Rule, model: SynapseModel) -> list[str]:
    """What acts on the synapse from outside: third factors, the ticks of a clock, bounds of a weight that flows."""
    parts = []
    if model.on_third_factor:
        names = "|".join([WEIGHT.name, *(s.name for s in rule.states)])
        code = re.sub(rf"\b({names})\b", r"\1_post", model.on_third_factor)
        lines = [
            "# Third factor: _post means the synapse, which is its target",
            *_source("third_factor"),
            "reaction = Synapses(",
            "    third_factor,",
            "    synapse,",
            f"    {_block('on_pre', statements(code))},",
            ")",
            "reaction.connect()",
            "reaction.pre.order = 2  # after the spikes of that time",
            'BrianLogger.suppress_hierarchy("brian2.codegen.generators")  # on many synapses that share a target',
        ]
        parts.append("\n".join(lines))
    if model.on_clock:
        code = _block("", statements(model.on_clock), "")
        tick = f'tick = synapse.run_regularly(\n    {code},\n    dt=clock_step,\n    when="synapses",\n    order=3,\n)'
        parts.append(f"# Clock: after the spikes and third factors of that time\n{tick}")
    if "weight_low" in model.parameters and rule.weight_flow != 0:
        clipped = brian_text(CLIPPED, weight="w", low="weight_low", high="weight_high")
        parts.append(f'synapse.run_regularly("w = {clipped}", when="groups", order=1)')
    return parts


def _run(model: SynapseModel, stepped: bool) -> list[str]:
    lines = ['course = StateMonitor(synapse, "w", record=True, dt=duration/10)']
    if stepped:
        lines += [
            "# In a step first the spikes act, then all that flows is advanced",
            'magic_network.schedule = ["start", "thresholds", "synapses", "resets", "groups", "end"]',
        ]
    if model.on_clock:
        lines += [
            "tick.active = False  # the first tick is at clock_step, not at 0",
            "run(min(clock_step, duration))",
            "tick.active = True",
            "run(max(duration - clock_step, 0*ms))",
        ]
    else:
        lines.append("run(duration)")
    return [
        *lines,
        "for t, w in zip([*course.t, duration], [*course.w[0], synapse.w[0]]):",
        '    print(f"{t/second:10.4f} s  w = {w:.15g}")',
    ]


def _source(name: str) -> list[str]:
    return [f"{name} = SpikeGeneratorGroup(1, np.zeros(len({name}_times), dtype=int), {name}_times)"]


def _block(name: str, lines: Sequence[str], sign: str = "=") -> str:
    """Argument that is a text of several lines."""
    return "\n".join([f'{name}{sign}"""', *(f"    {line}" for line in lines), '    """'])


def _method(rule: Rule) -> str:
    """``"exact"`` where every variable relaxes on its own, else ``"rk4"``."""
    return "exact" if set(event_driven(rule)) == set(flows(rule)) else "rk4"


def _on_grid(name: str, times: np.ndarray, dt: float) -> np.ndarray:
    off = np.abs(times / dt - np.round(times / dt)) > 1e-6
    if off.any():
        raise InputError(
            f"{name} has {times[off][0]:g} s, which is no multiple of the time step dt = {dt:g} s; "
            "round the times or choose another dt"
        )
    return times


def _quantity(value: Any, unit: str) -> str:
    """Text of a number with its unit in Brian2."""
    number = float(value)
    if unit == "1":
        return repr(number)
    if unit == "s" and abs(number) < 1:
        return f"{1e3 * number:.15g}*ms"
    return f"{number!r}*{brian_unit(unit)}"


def _times(times: np.ndarray) -> str:
    text = ", ".join(f"{1e3 * t:.10g}" for t in times)
    if len(text) < _WIDTH:
        return f"[{text}]*ms"
    return "[\n" + textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    ") + "\n]*ms"
