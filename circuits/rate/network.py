"""Time steps of a network of rate neurons: one loop over populations and projections for all circuits.

It is compiled once. All numbers of a member of the batch lie in one row, `own`; records of populations and projections
(`POPULATION`, `PROJECTION`) say where. What differs between rules and nonlinearities is called by its address
(`plasticity.compile.native`).

In a step every projection is passed once (`plasticity.compile.dense`): its weights are updated from what the neurons
were and sum up the input of the next step. Then the error goes back through the new weights, if a rule reads it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

RATE, SLOPE, ERROR, SIGNAL, NOISE, INFORMATION = range(6)  # rows of a table: plasticity.compile.dense.POST
NONE = -1  # place of what a population or projection does not have
REORDERED = {"reassoc", "contract", "arcp", "nsz"}

# Places in a row of `own`, unless said otherwise.
POPULATION = np.dtype(
    [
        ("size", "i8"),
        ("driven", "i8"),  # 1 where the stimulus sets the rates
        ("activation", "i8"),  # address
        ("first", "i8"),  # projections that arrive: first ≤ index < last
        ("last", "i8"),
        ("table", "i8"),  # local variables of plasticity rules, 6 × size
        ("rate", "i8"),  # of the next step
        ("current", "i8"),
        ("bias", "i8"),
        ("error", "i8"),  # backpropagated error, or NONE
        ("back", "i8"),  # sum of errors that arrive from later populations
        ("route", "i8"),  # feedback weights, size × n_received, or NONE
        ("twin_rate", "i8"),  # of the network with noise
        ("twin_current", "i8"),
        ("noise", "i8"),  # place in the random numbers of a step, or NONE
        ("is_read", "i8"),  # whether a projection starts here
        ("step", "f8"),  # dt/tau, or 0 for neurons without a time constant
        ("forget", "f8"),  # dt/tau_information
    ]
)
PROJECTION = np.dtype(
    [
        ("pre", "i8"),
        ("post", "i8"),
        ("advance", "i8"),  # addresses; 0 where there is none
        ("factors", "i8"),
        ("is_coupled", "i8"),  # whether limits couple synapses
        ("weights", "i8"),
        ("states", "i8"),
        ("parameters", "i8"),
        ("time_step", "i8"),  # of the rule: place of dt among the parameters
        ("noise", "i8"),  # noise in the weights
        ("drawn", "i8"),  # place in the random numbers of a step, or NONE
        ("limits", "i8"),  # place in `fixed`
        ("n_directions", "i8"),
        ("has_matrix", "i8"),
        ("ticks", "i8"),  # steps between ticks of the clock, or 0
        ("memory_post", "i8"),  # factors of the last steps, n_memory × size
        ("memory_pre", "i8"),
        ("n_memory", "i8"),
        ("collected", "i8"),  # place of the state that collects their products
    ]
)


class Setting(NamedTuple):
    """What is the same in all steps of a circuit."""

    has_targets: bool
    sends_error: bool
    is_perturbed: bool
    signals_last: bool  # whether the last population reads what is received as its learning signal
    message: int  # place of the message in `own`
    n_sent: int
    received: int
    n_received: int
    hold: int  # steps for which a pattern is shown
    period: int  # steps for which noise stays
    move: int  # addresses
    deliver: int


class Delivery(NamedTuple):
    """Feedback channels of all members with their random numbers for the next steps."""

    factor: Any  # (n_batch, n_steps, n_received), or no steps for perfect channels
    noise: Any
    delivered: Any  # (n_batch, n_steps, 1)
    quantum: Any  # (n_batch,)
    delay: Any  # (n_batch,), steps
    waiting: Any  # (n_batch, n_slots, n_received)
    projection: Any  # (n_batch, n_received, n_sent) or (n_batch, 0, 0)


def _typed_call(typing: Any, address: Any, arguments: Any) -> Any:
    """Call of the C function at an address with arrays (as pointers), numbers and integers."""
    for kind in arguments.types:
        if not isinstance(kind, types.Array) and kind not in (types.float64, types.int64):
            raise TypeError(f"no argument of a C function: {kind}")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> None:
        passed = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(arguments.types, cgutils.unpack_tuple(builder, values[1]), strict=True)
        ]
        function = ir.FunctionType(ir.VoidType(), [p.type for p in passed])
        builder.call(builder.inttoptr(values[0], function.as_pointer()), passed)

    return types.void(address, arguments), generate


call: Any = intrinsic(_typed_call)


@njit(cache=True, error_model="numpy")
def run(
    own, fixed, filled, scratch, populations, projections, setting, stimulus, noise, channel, loss, broken, first, count
):
    """Advance every member of the batch from step `first` by `count` steps; step −1 prepares step 0.

    A member stops, with the number of the step in `broken`, where an input or a rate is not finite.
    """
    patterns, targets, order = stimulus
    for b in range(broken.size):
        for step in range(first, first + count):
            now = step + 1
            shown = order[b, (now // setting.hold) % order.shape[1]]
            pattern = patterns[shown]
            drawn = noise[b, now // setting.period - (first + 1) // setting.period]
            next_rates(own[b], populations, setting, pattern, step < 0)
            pass_all(own[b], fixed, filled[b], scratch, populations, projections, setting, now)
            fill_tables(own[b], populations, step < 0)
            if setting.has_targets:
                target, output = targets[shown], populations[-1]
                missed = deviation(target, own[b, output.rate : output.rate + output.size])
                loss[b] += missed
                message = own[b, setting.message : setting.message + setting.n_sent]
                if setting.is_perturbed:
                    perturb(own[b], populations, projections, pattern, drawn, step < 0)
                    twin = own[b, output.twin_rate : output.twin_rate + output.size]
                    message[0] = deviation(target, twin) - missed
                    send(own[b], setting, channel, b, now, step - first)
                elif setting.sends_error:
                    for i in range(output.size):
                        message[i] = target[i] - own[b, output.rate + i]
                    send(own[b], setting, channel, b, now, step - first)
                    learning_signals(own[b], populations, setting)
                errors(own[b], populations, projections, setting)
            if is_lost(own[b], populations):
                broken[b] = now
                break


@njit(error_model="numpy")
def part(own, start, size):
    """Numbers of a row."""
    return own[start : start + size]


@njit(error_model="numpy")
def copy(values, into, size):
    """Copy the first values into an array."""
    for i in range(size):
        into[i] = values[i]


@njit(error_model="numpy")
def clear(values):
    """Set values to 0."""
    for i in range(values.size):
        values[i] = 0.0


@njit(error_model="numpy")
def row(own, population, k):
    """Local variable of a population: row of its table."""
    return part(own, population.table + k * population.size, population.size)


@njit(error_model="numpy")
def activate(own, population, current, into, slope):
    """Rates φ(u) or, if `slope` is 1, slopes φ′(u)."""
    u = part(own, current, population.size)
    call(population.activation, (u, part(own, into, population.size), population.size, slope))


@njit(error_model="numpy")
def relax(own, population, current, before, into, starting):
    """Rates after a step of their time constant; φ(u) takes the place of the current u."""
    activate(own, population, current, current, 0)
    share = 0.0 if starting else population.step
    for i in range(population.size):
        own[into + i] = own[before + i] + share * (own[current + i] - own[before + i])


@njit(error_model="numpy")
def next_rates(own, populations, setting, pattern, starting):
    """Rates of the next step where they are known before the weights: inputs, and neurons with a time constant."""
    for k in range(populations.size):
        p = populations[k]
        if p.driven:
            copy(pattern, own[p.rate :], p.size)
        elif p.step > 0.0:
            relax(own, p, p.current, p.table, p.rate, starting)
            if p.error != NONE and not starting:
                outside = k == populations.size - 1
                for i in range(p.size):
                    back = own[p.back + i] + (own[setting.received + i] if outside else 0.0)
                    own[p.error + i] += p.step * (back - own[p.error + i])
        copy(own[p.bias :], own[p.current :], p.size)


@njit(error_model="numpy")
def pass_all(own, fixed, filled, scratch, populations, projections, setting, now):
    """One step of all synapses, and the rates that follow at once from the new inputs."""
    for k in range(populations.size):
        post = populations[k]
        for m in range(post.first, post.last):
            p = projections[m]
            pre = populations[p.pre]
            tick = p.ticks > 0 and now % max(p.ticks, 1) == 0
            if p.factors != 0 and now > 0:
                remember(own, filled, scratch, populations, p, m, setting, tick)
            if p.advance == 0 or now == 0 or (p.factors != 0 and not tick):
                weights = part(own, p.weights, post.size * pre.size)
                add_input(weights, part(own, pre.rate, pre.size), part(own, post.current, post.size))
            else:
                change(own, fixed, scratch, pre, post, p, setting, int(tick))
        if post.step == 0.0 and not post.driven:
            activate(own, post, post.current, post.rate, 0)


@njit(error_model="numpy")
def change(own, fixed, scratch, pre, post, p, setting, tick):
    """Advance the synapses of a projection by a step, within their limits, and add their next input."""
    weights, limits = own[p.weights :], fixed[p.limits :]
    rate, current = own[pre.rate :], own[post.current :]
    tables, noise, shared = (own[pre.table :], own[post.table :]), own[p.noise :], own[setting.received :]
    states, parameters = own[p.states :], own[p.parameters :]
    arrays = (weights, states, tables[0], tables[1], noise, shared, parameters, rate, current, limits, scratch)
    call(p.advance, (*arrays, post.size, pre.size, tick))
    if p.is_coupled:
        sizes = (post.size, pre.size, p.n_directions, p.has_matrix)
        call(setting.move, (weights, scratch, limits, rate, current, own[p.time_step], *sizes))


@njit(error_model="numpy")
def remember(own, filled, scratch, populations, p, m, setting, tick):
    """Note the factors of this step; collect their products if the memory is full or the clock ticks."""
    pre, post, h = populations[p.pre], populations[p.post], filled[m]
    by_post, by_pre = own[p.memory_post + h * post.size :], own[p.memory_pre + h * pre.size :]
    tables, shared, parameters = (own[pre.table :], own[post.table :]), own[setting.received :], own[p.parameters :]
    call(p.factors, (tables[0], tables[1], shared, parameters, by_post, by_pre, post.size, pre.size))
    filled[m] = h + 1
    if h + 1 == p.n_memory or tick:
        collect(own, filled, scratch, pre, post, p, m)


@njit(error_model="numpy")
def collect(own, filled, scratch, pre, post, p, m):
    """Add the products of all factors that are remembered to the state that collects them."""
    h, size = filled[m], post.size * pre.size
    by_post = part(own, p.memory_post, h * post.size).reshape(h, post.size)
    by_pre = part(own, p.memory_pre, h * pre.size).reshape(h, pre.size)
    np.dot(by_post.T, by_pre, scratch[:size].reshape(post.size, pre.size))
    for n in range(size):
        own[p.collected + n] += own[p.time_step] * scratch[n]
    filled[m] = 0


@njit(error_model="numpy", fastmath=REORDERED)
def add_input(w, rate, current):
    """Add the input w·rate to current."""
    for i in range(current.size):
        total, start = 0.0, i * rate.size
        for j in range(rate.size):
            total += w[start + j] * rate[j]
        current[i] += total


@njit(error_model="numpy")
def fill_tables(own, populations, starting):
    """Local variables of all neurons at the next step."""
    for k in range(populations.size):
        p = populations[k]
        copy(own[p.rate :], row(own, p, RATE), p.size)
        if not p.driven:
            activate(own, p, p.current, p.table + SLOPE * p.size, 1)
            slope, information = row(own, p, SLOPE), row(own, p, INFORMATION)
            share = 0.0 if starting else p.forget
            for i in range(p.size):
                information[i] += share * (slope[i] * slope[i] - information[i])


@njit(error_model="numpy")
def deviation(target, rate):
    """½ Σ (target − rate)²."""
    total = 0.0
    for i in range(rate.size):
        total += 0.5 * (target[i] - rate[i]) ** 2
    return total


@njit(error_model="numpy")
def send(own, setting, channel, b, now, index):
    """Send the message through the feedback channel."""
    message, received = part(own, setting.message, setting.n_sent), part(own, setting.received, setting.n_received)
    if channel.factor.shape[1] == 0:
        copy(message, received, received.size)
        return
    random = (channel.factor[b, index], channel.noise[b, index], channel.waiting[b], channel.projection[b])
    one = (channel.delivered[b, index, 0], channel.quantum[b])
    slots, projected = channel.waiting.shape[1], int(channel.projection.shape[1] > 0)
    sizes = (setting.n_sent, setting.n_received, slots, projected, now, channel.delay[b])
    call(setting.deliver, (message, received, *random, *one, *sizes))


@njit(error_model="numpy")
def learning_signals(own, populations, setting):
    """Error that is received, through the feedback weights of every population that has some."""
    received = part(own, setting.received, setting.n_received)
    for k in range(populations.size):
        p = populations[k]
        signal = row(own, p, SIGNAL)
        if p.route != NONE:
            clear(signal)
            add_input(part(own, p.route, p.size * received.size), received, signal)
        elif setting.signals_last and k == populations.size - 1:
            copy(received, signal, p.size)


@njit(error_model="numpy")
def perturb(own, populations, projections, pattern, drawn, starting):
    """Rates of the same network with noise: a twin, whose neurons with a time constant follow in the same way."""
    for k in range(populations.size):
        p = populations[k]
        if p.step > 0.0:
            relax(own, p, p.twin_current, p.twin_rate, p.twin_rate, starting)
    for k in range(populations.size):
        p = populations[k]
        if p.driven:
            copy(pattern, own[p.twin_rate :], p.size)
            continue
        current = part(own, p.twin_current, p.size)
        copy(own[p.bias :], current, p.size)
        if p.noise != NONE:
            copy(drawn[p.noise :], row(own, p, NOISE), p.size)
            for i in range(p.size):
                current[i] += drawn[p.noise + i]
        for m in range(p.first, p.last):
            q, pre = projections[m], populations[projections[m].pre]
            rate, size = part(own, pre.twin_rate, pre.size), p.size * pre.size
            add_input(part(own, q.weights, size), rate, current)
            if q.drawn != NONE:
                copy(drawn[q.drawn :], own[q.noise :], size)
                add_input(part(own, q.noise, size), rate, current)
        if p.step == 0.0:
            activate(own, p, p.twin_current, p.twin_rate, 0)


@njit(error_model="numpy")
def errors(own, populations, projections, setting):
    """Errors of all neurons that are reached, from the last population to the first, through the forward weights."""
    for k in range(populations.size):
        if populations[k].error != NONE:
            clear(part(own, populations[k].back, populations[k].size))
    for k in range(populations.size - 1, -1, -1):
        p = populations[k]
        if p.error == NONE:
            continue
        error, local = part(own, p.error, p.size), row(own, p, ERROR)
        if p.step == 0.0:
            for i in range(p.size):
                error[i] = own[p.back + i] + (own[setting.received + i] if k == populations.size - 1 else 0.0)
        slope = row(own, p, SLOPE)
        for i in range(p.size):
            local[i] = slope[i] * error[i]
        for m in range(p.first, p.last):
            pre = populations[projections[m].pre]
            if pre.error != NONE:
                send_back(part(own, projections[m].weights, p.size * pre.size), local, part(own, pre.back, pre.size))


@njit(error_model="numpy", fastmath=REORDERED)
def send_back(w, error, back):
    """Add wᵀ·error to back."""
    for i in range(error.size):
        at, start = error[i], i * back.size
        for j in range(back.size):
            back[j] += w[start + j] * at


@njit(error_model="numpy")
def is_lost(own, populations):
    """Whether an input, or a rate that no input depends on, is not finite."""
    total = 0.0
    for k in range(populations.size):
        p = populations[k]
        for i in range(p.size):
            total += 0.0 * own[p.current + i]
        if not p.is_read:
            for i in range(p.size):
                total += 0.0 * own[p.rate + i]
    return total != 0.0
