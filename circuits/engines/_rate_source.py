"""Source of the loop that runs a rate circuit: one step after the other, member after member of the batch.

In a step every projection is passed once (`plasticity.compile.dense`): its weights are updated from what the neurons
were and sum up the input of the next step. Then the error goes back through the new weights, if a rule asks for it.
"""

from __future__ import annotations

import inspect

import sympy as sp

from circuits._rate_records import INPUT
from circuits.engines import _rate_kernels as kernels
from circuits.engines._rate_plan import Plan
from plasticity.compile.dense import POST, sweep_source
from plasticity.compile.generated import indented, python_code

RATE, SLOPE, ERROR, SIGNAL, NOISE, INFORMATION = range(len(POST))

_RUN = '''"""Rate circuit. Generated; do not edit."""

import math

import numpy as np
from numba import njit

{kernels}
{sweeps}

@njit(cache=True, error_model="numpy")
def run(
    tables, currents, biases, slow, remember, errors, backs, weights, states, vectors,
    masks, lows, highs, drifts, reads, controls, matrices, routes, noises, node_noise, weight_noise,
    patterns, targets, order, hold, channel, quantum, late, waiting, projection, n_sent,
    shared, received, loss, broken, first, count, ticks,
):
    """Advance every member of the batch from step first by count steps; step -1 prepares step 0."""
    factor, spread, delivered = channel
    message = np.zeros(n_sent)
{scratch}
    for b in range(broken.size):
{views}
        for step in range(first, first + count):
            now = step + 1
            index = now - first - 1
            shown = order[b, (now // hold) % order.shape[1]]
{rates}
{passes}
{tables}
{feedback}
            lost = 0.0
{finite}
            if lost != 0.0:
                broken[b] = now
                break
'''


def circuit_source(plan: Plan) -> str:
    """Text of the module that runs a circuit; it depends on the structure, not on sizes and values."""
    sweeps = [
        sweep_source(rule, f"sweep_{k}", limits)
        for k, (rule, limits) in enumerate(zip(plan.rules, plan.limits, strict=True))
        if rule is not None
    ]
    functions = (kernels.pass_on, kernels.send_back, kernels.deliver, kernels.perturbed)
    return _RUN.format(
        kernels="\n\n".join(inspect.getsource(f.py_func) for f in functions),
        sweeps="\n".join(sweeps),
        scratch=indented(4, _scratch(plan)),
        views=indented(8, _views(plan)),
        rates=indented(12, _next_rates(plan)),
        passes=indented(12, _passes(plan)),
        tables=indented(12, _tables(plan)),
        feedback=indented(12, _feedback(plan)),
        finite=indented(12, [f"for i in range(u{k}.size):\n                lost += 0.0 * u{k}[i]" for k in plan.each]),
    )


def _scratch(plan: Plan) -> list[str]:
    lines = [f"f{k} = np.zeros(tables[{k}].shape[2])" for k in plan.each]
    lines += [f"q{k} = np.zeros(tables[{k}].shape[2])" for k in plan.each if plan.is_perturbed]
    lines += [f"c{k} = np.zeros((weights[{k}].shape[1], weights[{k}].shape[2]))" for k in plan.with_limits("coupled")]
    return lines


def _views(plan: Plan) -> list[str]:
    lines = [
        f"t{k}, u{k}, z{k}, g{k} = tables[{k}][b], currents[{k}][b], errors[{k}][b], backs[{k}][b]" for k in plan.each
    ]
    for k in range(len(plan.rules)):
        lines.append(f"w{k}, s{k}, p{k}, x{k} = weights[{k}][b], states[{k}][b], vectors[{k}][b], noises[{k}][b]")
    return lines


def _next_rates(plan: Plan) -> list[str]:
    """Rates of the next step where they are known before the weights: inputs, and neurons with a time constant."""
    lines = []
    for k, population in enumerate(plan.populations):
        if plan.is_input(k):
            lines.append(f"f{k}[:] = patterns[shown]")
        elif population.tau > 0:
            update = f"t{k}[0, i] + slow[{k}] * ({_code(population.rate, f'u{k}[i]')} - t{k}[0, i])"
            lines.append(f"for i in range(f{k}.size):\n                f{k}[i] = {update} if step >= 0 else t{k}[0, i]")
            if plan.error_reaches(k):
                arriving = f"g{k}[i]" + (" + received[b, i]" if k == plan.last else "")
                lines.append(
                    f"if step >= 0:\n                for i in range(f{k}.size):\n"
                    f"                    z{k}[i] += slow[{k}] * ({arriving} - z{k}[i])"
                )
        lines.append(f"u{k}[:] = biases[{k}][b]")
    return lines


def _passes(plan: Plan) -> list[str]:
    lines = []
    for k, population in enumerate(plan.populations):
        for m, (pre, _) in plan.arriving(k):
            plain = f"pass_on(w{m}, f{pre}, u{k})"
            if plan.rules[m] is None:
                lines.append(plain)
                continue
            change = f"c{m}" if plan.limits[m] == "coupled" else f"masks[{m}]"
            lines += [
                f"tick = ticks[{m}] > 0 and now % max(ticks[{m}], 1) == 0",
                f"if step < 0:\n                {plain}",
                f"else:\n                sweep_{m}(w{m}, s{m}, t{pre}, t{k}, x{m}, shared[b], p{m}, f{pre}, u{k}, masks[{m}],"
                f" lows[{m}], highs[{m}], drifts[{m}], reads[{m}], controls[{m}], matrices[{m}], {change}, tick)",
            ]
        if population.tau == 0 and not plan.is_input(k):
            lines.append(f"for i in range(f{k}.size):\n                f{k}[i] = {_code(population.rate, f'u{k}[i]')}")
    return lines


def _tables(plan: Plan) -> list[str]:
    """Local variables of the neurons at the next step."""
    lines = []
    for k, population in enumerate(plan.populations):
        body = [f"t{k}[{RATE}, i] = f{k}[i]"]
        if not plan.is_input(k):
            body.append(f"t{k}[{SLOPE}, i] = {_code(sp.diff(population.rate, INPUT), f'u{k}[i]')}")
            body.append(
                f"t{k}[{INFORMATION}, i] += remember[{k}] * (t{k}[{SLOPE}, i] ** 2 - t{k}[{INFORMATION}, i])"
                f" if step >= 0 else 0.0"
            )
        lines.append(f"for i in range(f{k}.size):\n                " + "\n                ".join(body))
    return lines


def _feedback(plan: Plan) -> list[str]:
    if not plan.circuit.has_targets:
        return []
    last = plan.last
    lines = [
        "deviation = 0.0",
        f"for i in range(f{last}.size):\n                deviation += 0.5 * (targets[shown, i] - f{last}[i]) ** 2",
        "loss[b] += deviation",
    ]
    if plan.is_perturbed:
        lines += _perturbation(plan)
    if plan.sends_error:
        lines += [
            f"for i in range(f{last}.size):\n                message[i] = targets[shown, i] - f{last}[i]",
            _DELIVER,
        ]
        lines += _messages(plan)
    if any(plan.error_reaches(k) for k in plan.each):
        lines += _backwards(plan)
    return lines


_DELIVER = (
    "deliver(message, received[b], b, now, index, factor, spread, delivered, quantum, late, waiting[b], projection[b])"
)


def _perturbation(plan: Plan) -> list[str]:
    """Loss of the same network with noise; what is broadcast is the difference."""
    lines = ["q0[:] = patterns[shown]"]
    for k, population in enumerate(plan.populations):
        if plan.is_input(k):
            continue
        lines.append(f"q{k}[:] = biases[{k}][b]")
        if k in plan.noisy_neurons:
            lines.append(
                f"for i in range(q{k}.size):\n                t{k}[{NOISE}, i] = node_noise[{k}][b, index, i]\n"
                f"                q{k}[i] += t{k}[{NOISE}, i]"
            )
        for m, (pre, _) in plan.arriving(k):
            if m in plan.noisy_weights:
                lines.append(
                    f"x{m}[:, :] = weight_noise[{m}][b, index]\n            perturbed(w{m}, x{m}, q{pre}, q{k})"
                )
            else:
                lines.append(f"pass_on(w{m}, q{pre}, q{k})")
        lines.append(f"for i in range(q{k}.size):\n                q{k}[i] = {_code(population.rate, f'q{k}[i]')}")
    last = plan.last
    return [
        *lines,
        "message[0] = -deviation",
        f"for i in range(q{last}.size):\n                message[0] += 0.5 * (targets[shown, i] - q{last}[i]) ** 2",
        _DELIVER,
        "shared[b, 0] = received[b, 0]",
    ]


def _messages(plan: Plan) -> list[str]:
    """Learning signals: the error through the feedback weights, and as it is at the last population."""
    lines = []
    for k in plan.each:
        if plan.populations[k].name in plan.circuit.feedback_weights:
            lines.append(
                f"for i in range(t{k}.shape[1]):\n                t{k}[{SIGNAL}, i] = 0.0\n"
                f"                for m in range(received.shape[1]):\n"
                f"                    t{k}[{SIGNAL}, i] += routes[{k}][b, i, m] * received[b, m]"
            )
        elif k == plan.last and plan.receives_all:
            lines.append(f"for i in range(t{k}.shape[1]):\n                t{k}[{SIGNAL}, i] = received[b, i]")
    return lines


def _backwards(plan: Plan) -> list[str]:
    """Errors of all neurons, from the last population to the first, through the forward weights."""
    lines = [f"g{k}[:] = 0.0" for k in plan.each if plan.error_reaches(k)]
    for k in reversed(plan.each):
        if not plan.error_reaches(k):
            continue
        if plan.populations[k].tau == 0:
            arriving = f"g{k}[i]" + (" + received[b, i]" if k == plan.last else "")
            lines.append(f"for i in range(z{k}.size):\n                z{k}[i] = {arriving}")
        lines.append(f"for i in range(z{k}.size):\n                t{k}[{ERROR}, i] = t{k}[{SLOPE}, i] * z{k}[i]")
        lines += [
            f"send_back(w{m}, t{k}[{ERROR}], g{pre})" for m, (pre, _) in plan.arriving(k) if plan.error_reaches(pre)
        ]
    return lines


def _code(expression: sp.Expr, at: str) -> str:
    return python_code(expression.subs(INPUT, sp.Symbol("_at", real=True))).replace("_at", at)
