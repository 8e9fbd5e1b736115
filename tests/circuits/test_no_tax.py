"""A derived rule pays no tax: the C++ that is generated for it is that of the same equations written by hand."""

import gc
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from circuits.escape_rate_neuron import escape_rate_neuron
from circuits.feedforward_spiking import feedforward_spiking
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.brian_build import write_program
from circuits.spiking.inputs import given
from circuits.spiking.lines import lines
from plasticity import Objective, compile_rule, derive
from plasticity.belief import FadingMemory
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.signals.bcm import bcm
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood

MINIMAL_TRIPLET = {
    "model": """w : 1
    dpre_trace/dt = -pre_trace/tau_plus : 1 (event-driven)
    dpost_trace/dt = -post_trace/tau_minus : 1 (event-driven)
    dslow_post_trace/dt = -slow_post_trace/tau_y : 1 (event-driven)
    learning_rate : second**2 (shared, constant)
    threshold : hertz (shared, constant)
    tau_plus : second (shared, constant)
    tau_minus : second (shared, constant)
    tau_y : second (shared, constant)""",
    "on_pre": """w -= learning_rate*threshold*post_trace/tau_minus
    pre_trace += 1""",
    "on_post": """w += learning_rate*pre_trace*slow_post_trace/(tau_plus*tau_y)
    post_trace += 1
    slow_post_trace += 1""",
}
LIKELIHOOD = {
    "model": """dw/dt = learning_rate*spike_error_post*escape_slope_post/escape_rate_post*pre_psp_pre : 1 (clock-driven)
    learning_rate : 1 (shared, constant)""",
}
AVERAGE = {
    "model": """w : 1
    count : 1
    belief_mean : hertz**3
    gradient_sum : hertz**2
    dpre_trace/dt = -pre_trace/tau_plus : 1 (event-driven)
    dpost_trace/dt = -post_trace/tau_minus : 1 (event-driven)
    dslow_post_trace/dt = -slow_post_trace/tau_y : 1 (event-driven)
    learning_rate : second**2 (shared, constant)
    decay_mean : 1 (shared, constant)
    clock_step : second (shared, constant)
    threshold : hertz (shared, constant)
    tau_plus : second (shared, constant)
    tau_minus : second (shared, constant)
    tau_y : second (shared, constant)""",
    "on_pre": """gradient_sum += post_trace*threshold/tau_minus
    pre_trace += 1""",
    "on_post": """gradient_sum -= pre_trace*slow_post_trace/(tau_plus*tau_y)
    post_trace += 1
    slow_post_trace += 1""",
    "on_clock": """count += 1
    belief_mean += (1 - decay_mean)*(gradient_sum/clock_step - belief_mean)/(1 - decay_mean**count)
    w -= learning_rate*clock_step*belief_mean
    gradient_sum = 0*hertz**2""",
}
averaging = derive(Objective(sp.oo, 1e-5), FadingMemory(decay=0.9)).with_parameters(clock_step=0.1)
PAIRS = {
    "minimal_triplet": (compile_rule(derived_bcm()), MINIMAL_TRIPLET),
    "likelihood": (compile_rule(gradient_descent(), escape_rate_likelihood()), LIKELIHOOD),
    "average": (compile_rule(averaging, bcm()), AVERAGE),
}


def generated(model, folder):
    """C++ of the synapses, by file, without what the names of objects add."""
    gc.collect()
    neurons = [[0.001], [0.002]]
    is_likelihood = "escape_rate_post" in model.model
    circuit = escape_rate_neuron(neurons, [[0.003]], model) if is_likelihood else feedforward_spiking(neurons, model)
    grid, record = Grid(1e-3, 0.3), Recording()
    channels = {path.name: lines(path, None, 1) for path in circuit.feedback}
    write_program(circuit, grid, record, channels, given(circuit, grid, record, channels), Path(folder))
    files = Path(folder).glob("code_objects/synapses_*codeobject*.cpp")
    texts = {plain(f.name): f.read_text() for f in files}
    return {name: statements(text) for name, text in texts.items() if "// scalar code" in text}


def plain(text):
    return re.sub(r"_codeobject(_\d+)?", "", text)


def statements(text):
    """Body of the code: right-hand sides as sums of products, constants that are taken out of the loop put back."""
    body = plain(text).split("// scalar code")[1].split("void _debugmsg")[0]
    found, constants = [], {}
    for line in re.sub(r"\s+", " ", body).split(";"):
        match = re.fullmatch(r"(.*?[\w\]] )([-+]?=) (.*)", line.strip())
        if match is None:
            found.append(line.strip())
            continue
        target, sign, value = match[1], match[2], normal(match[3], constants)
        if target.startswith("const double _lio_"):
            constants[sp.Symbol(target.split()[-1])] = value
        elif sign == "-=" and not isinstance(value, str):
            found.append(f"{target}+= {sp.expand(-value)}")
        else:
            found.append(f"{target}{sign} {value}")
    return found


def normal(expression, constants):
    """Expanded sum of products; anything that is no arithmetic of names stays text."""
    text = expression.replace("1.0f*", "").replace("_brian_pow", "Pow")
    if re.search(r"[\[\].<>:{}&?]", re.sub(r"\d\.\d", "", text)):
        return text
    names = {n: sp.Symbol(n) for n in re.findall(r"[A-Za-z_]\w*", text) if n not in ("exp", "sqrt", "Pow")}
    return sp.expand(sp.nsimplify(sp.sympify(text, locals=names).subs(constants)))


@pytest.mark.parametrize(("derived", "by_hand"), PAIRS.values(), ids=PAIRS)
def test_generated_code_is_that_of_equations_written_by_hand(derived, by_hand, tmp_path):
    codes = [generated(m, tmp_path / n) for n, m in (("derived", derived), ("hand", replace(derived, **by_hand)))]
    assert codes[0].keys() == codes[1].keys()
    assert len(codes[0]) >= 2
    for name, code in codes[0].items():
        assert code == codes[1][name], name


def test_a_difference_would_be_seen(tmp_path):
    wrong = replace(PAIRS["minimal_triplet"][0], on_post=MINIMAL_TRIPLET["on_post"].replace("w +=", "w -="))
    codes = [generated(m, tmp_path / n) for n, m in (("a", PAIRS["minimal_triplet"][0]), ("b", wrong))]
    assert codes[0] != codes[1]
