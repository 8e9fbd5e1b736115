"""Source of the loop that runs a rate circuit: one step after the other, member after member of the batch.

In a step every projection is passed once (`plasticity.compile.dense`): its weights are updated from what the neurons
were and sum up the input of the next step. Then the error goes back through the new weights, if a rule asks for it.
"""

from __future__ import annotations

from pathlib import Path

import sympy as sp

from circuits.network.population import Population
from circuits.neurons.rate_unit import INPUT
from circuits.rate.plan import Plan
from plasticity.compile.deferred import factors_source
from plasticity.compile.dense import sweep_source
from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.rule import Rule

# As a generated module they are kept in the cache folder too, where damage is mended; its name tells its text.
kernels = generated_module("rates", Path(__file__).with_name("kernels.py").read_text(encoding="utf-8"))

_NEURONS = '''
@njit(cache=True, error_model="numpy")
def activate_{k}(current, rate):
    """Rates φ(u)."""
    for i in range(rate.size):
        rate[i] = {rate}


@njit(cache=True, error_model="numpy")
def relax_{k}(current, table, rate, slow):
    """Rates after a step of their time constant."""
    for i in range(rate.size):
        rate[i] = table[{row}, i] + slow * ({rate} - table[{row}, i])


@njit(cache=True, error_model="numpy")
def slopes_{k}(current, table, remember):
    """Slopes φ'(u), and the belief about their mean square."""
    for i in range(current.size):
        slope = {slope}
        table[{slope_row}, i] = slope
        table[{information}, i] += remember * (slope * slope - table[{information}, i])
'''

_RUN = '''"""Rate circuit. Generated; do not edit."""

import math

import numpy as np
from numba import njit

from {module} import {kernels}

{neurons}
{sweeps}

@njit(cache=True, error_model="numpy")
def run(
    tables, currents, biases, slow, remember, errors, backs, weights, states, vectors,
    limits, past_post, past_pre, filled, routes, noises, twins, node_noise, weight_noise,
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
            drawn = now // {period} - (first + 1) // {period}
            starting = step < 0
{rates}
{passes}
{tables}
{feedback}
            lost = {lost}
            if lost != 0.0:
                broken[b] = now
                break
'''


def circuit_source(plan: Plan) -> str:
    """Text of the module that runs a circuit; it depends on the structure, not on sizes and values."""
    return _RUN.format(
        kernels=", ".join(f.py_func.__name__ for f in kernels.KERNELS),
        module=kernels.__name__,
        neurons="\n".join(_neurons(plan, k) for k in sorted(set(_kinds(plan)))),
        sweeps="\n".join(_sweep(*key, n) for n, key in enumerate(plan.sweeps)),
        scratch=indented(4, _scratch(plan)),
        views=indented(8, _views(plan)),
        period="hold" if plan.slow else "1",
        rates=indented(12, _next_rates(plan)),
        passes=indented(12, _passes(plan)),
        tables=indented(12, _tables(plan)),
        feedback=indented(12, _feedback(plan)),
        lost=" + ".join([*(f"unfinite(u{k})" for k in plan.each), *(f"unfinite(f{k})" for k in _unread(plan))]),
    )


def _unread(plan: Plan) -> list[int]:
    """Populations whose rates reach no input, where they would be seen when they are not finite."""
    return [k for k in plan.each if k not in {pre for pre, _ in plan.ends}]


def _sweep(rule: Rule, limits: str, n: int) -> str:
    factors = factors_source(rule, f"factors_{n}") if limits == "waits" else ""
    return sweep_source(rule, limits, f"sweep_{n}") + factors


def _kinds(plan: Plan) -> list[int]:
    """For every population the first one that has its nonlinearity."""
    rates = [p.rate_unit.rate for p in plan.populations]
    return [rates.index(rate) for rate in rates]


def _neurons(plan: Plan, k: int) -> str:
    population: Population = plan.populations[k]
    return _NEURONS.format(
        k=k,
        rate=_code(population.rate_unit.rate),
        slope=_code(sp.diff(population.rate_unit.rate, INPUT)),
        row=kernels.RATE,
        slope_row=kernels.SLOPE,
        information=kernels.INFORMATION,
    )


def _code(expression: sp.Expr) -> str:
    return python_code(expression.subs(INPUT, sp.Symbol("_at", real=True))).replace("_at", "current[i]")


def _scratch(plan: Plan) -> list[str]:
    lines = [f"f{k} = np.zeros(tables[{k}].shape[2])" for k in plan.each]
    fast = [k for k in plan.each if plan.is_perturbed and k not in plan.slow]
    lines += [f"q{k} = np.zeros(tables[{k}].shape[2])" for k in fast]
    return lines + [
        f"c{m} = np.zeros((weights[{m}].shape[1], weights[{m}].shape[2]))" for m in (*plan.coupled, *plan.waiting)
    ]


def _views(plan: Plan) -> list[str]:
    """Arrays of one member. Tuples that only some populations or projections need hold only those."""
    lines = [f"t{k}, u{k} = tables[{k}][b], currents[{k}][b]" for k in plan.each]
    lines += [f"z{k}, g{k} = errors[{n}][b], backs[{n}][b]" for n, k in enumerate(plan.reached)]
    lines += [f"w{m}, s{m}, p{m} = weights[{m}][b], states[{m}][b], vectors[{m}][b]" for m in range(len(plan.ends))]
    if plan.is_perturbed:
        lines += [
            f"t{k}q, q{k}, v{k} = twins[{n}][b], twins[{n}][b, 0], twins[{n}][b, 1]" for n, k in enumerate(plan.slow)
        ]
    return lines + [f"x{m} = noises[{n}][b]" for n, m in enumerate(plan.noisy_weights)]


def _next_rates(plan: Plan) -> list[str]:
    """Rates of the next step where they are known before the weights: inputs, and neurons with a time constant."""
    lines = []
    for k, kind in enumerate(_kinds(plan)):
        if plan.is_input(k):
            lines.append(f"copy(patterns[shown], f{k})")
        elif plan.populations[k].rate_unit.tau > 0:
            lines.append(f"relax_{kind}(u{k}, t{k}, f{k}, 0.0 if starting else slow[{k}])")
            if k in plan.reached:
                lines.append(f"relax_error(z{k}, g{k}, 0.0 if starting else slow[{k}])")
                if k == plan.last:
                    lines.append(f"relax_to(z{k}, received[b], 0.0 if starting else slow[{k}])")
        lines.append(f"copy(biases[{k}][b], u{k})")
    return lines


def _passes(plan: Plan) -> list[str]:
    lines = []
    for k, kind in enumerate(_kinds(plan)):
        for m, pre in plan.arriving(k):
            plain = f"pass_on(w{m}, f{pre}, u{k})"
            if m not in plan.rules:
                lines.append(plain)
                continue
            if m in plan.waiting:
                lines += _remembering(plan, m, pre, k)
            noise = f"x{m}" if m in plan.noisy_weights else f"w{m}"  # not read without noise
            arguments = f"w{m}, s{m}, t{pre}, t{k}, {noise}, shared[b], p{m}, f{pre}, u{k}, {_limits(plan, m)}, tick"
            lines += [
                f"tick = {_tick(m)}",
                f"if starting{' or not tick' if m in plan.waiting else ''}:\n                {plain}",
                f"else:\n                sweep_{plan.sweep_of(m)}({arguments})",
            ]
        if plan.populations[k].rate_unit.tau == 0 and not plan.is_input(k):
            lines.append(f"activate_{kind}(u{k}, f{k})")
    return lines


def _tick(m: int) -> str:
    return f"ticks[{m}] > 0 and now % max(ticks[{m}], 1) == 0"


def _remembering(plan: Plan, m: int, pre: int, post: int) -> list[str]:
    """Note the factors of this step; carry them into the state if the memory is full or the clock ticks."""
    n, sweep = list(plan.waiting).index(m), plan.sweep_of(m)
    state = plan.waiting[m].state
    return [
        "if not starting:",
        f"    h = filled[{n}, b]",
        f"    factors_{sweep}(t{pre}, t{post}, shared[b], p{m}, past_post[{n}][b, h], past_pre[{n}][b, h])",
        f"    filled[{n}, b] = h + 1",
        f"    if h + 1 == past_post[{n}].shape[1] or ({_tick(m)}):",
        f"        collect(past_post[{n}][b, : h + 1], past_pre[{n}][b, : h + 1], c{m}, s{m}[{state}], p{m}[-3])",
        f"        filled[{n}, b] = 0",
    ]


def _limits(plan: Plan, m: int) -> str:
    """Arguments with the limits of a projection; arrays that are not read where it has none."""
    if m not in plan.limited:
        return ", ".join([f"w{m}"] * 8)
    own = f"limits[{plan.limited.index(m)}]"
    change = f"c{m}" if plan.limits[m] == "coupled" else f"w{m}"
    return ", ".join([*(f"{own}[{n}]" for n in range(7)), change])


def _tables(plan: Plan) -> list[str]:
    """Local variables of the neurons at the next step."""
    lines = [f"copy(f{k}, t{k}[{kernels.RATE}])" for k in plan.each]
    for k, kind in enumerate(_kinds(plan)):
        if not plan.is_input(k):
            lines.append(f"slopes_{kind}(u{k}, t{k}, 0.0 if starting else remember[{k}])")
    return lines


def _feedback(plan: Plan) -> list[str]:
    if not plan.circuit.has_targets:
        return []
    last = plan.last
    lines = [f"missed = deviation(targets[shown], f{last})", "loss[b] += missed"]
    if plan.is_perturbed:
        lines += [*_perturbation(plan), f"message[0] = deviation(targets[shown], q{last}) - missed", _DELIVER]
        lines.append("shared[b, 0] = received[b, 0]")
    if plan.sends_error:
        lines += [f"difference(targets[shown], f{last}, message)", _DELIVER]
        lines += [f"learning_signal(routes[{n}][b], received[b], t{k})" for n, k in enumerate(plan.routed)]
        if last not in plan.routed and plan.receives_all:
            lines.append(f"copy(received[b], t{last}[{kernels.SIGNAL}])")
    return lines + _backwards(plan)


_DELIVER = (
    "deliver(message, received[b], b, now, index, factor, spread, delivered, quantum, late, waiting[b], projection[b])"
)


def _perturbation(plan: Plan) -> list[str]:
    """Rates of the same network with noise: a twin, whose neurons with a time constant follow in the same way."""
    lines = [f"relax_{_kinds(plan)[k]}(v{k}, t{k}q, q{k}, 0.0 if starting else slow[{k}])" for k in plan.slow]
    for k, kind in enumerate(_kinds(plan)):
        if plan.is_input(k):
            lines.append(f"copy(patterns[shown], q{k})")
            continue
        current = f"v{k}" if k in plan.slow else f"q{k}"
        lines.append(f"copy(biases[{k}][b], {current})")
        if k in plan.noisy_neurons:
            lines.append(f"disturbed(node_noise[{plan.noisy_neurons.index(k)}][b, drawn], t{k}, {current})")
        for m, pre in plan.arriving(k):
            if m in plan.noisy_weights:
                fresh = f"weight_noise[{plan.noisy_weights.index(m)}][b, drawn]"
                lines.append(f"perturbed(w{m}, {fresh}, x{m}, q{pre}, {current})")
            else:
                lines.append(f"pass_on(w{m}, q{pre}, {current})")
        if k not in plan.slow:
            lines.append(f"activate_{kind}(q{k}, q{k})")
    return lines


def _backwards(plan: Plan) -> list[str]:
    """Errors of all neurons, from the last population to the first, through the forward weights."""
    lines = [f"clear(g{k})" for k in plan.reached]
    for k in reversed(plan.reached):
        if plan.populations[k].rate_unit.tau == 0:
            lines.append(f"copy(g{k}, z{k})")
            lines += [f"add(received[b], z{k})"] if k == plan.last else []
        lines.append(f"local_error(z{k}, t{k})")
        lines += [
            f"send_back(w{m}, t{k}[{kernels.ERROR}], g{pre})" for m, pre in plan.arriving(k) if pre in plan.reached
        ]
    return lines
