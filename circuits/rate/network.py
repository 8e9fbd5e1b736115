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
inner = njit(error_model="numpy")  # compiled into `run`, which is cached
reordered = njit(error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})


def _fields(*integers: str, numbers: str = "") -> np.dtype:
    names = " ".join(integers).split()
    return np.dtype([*((name, "i8") for name in names), *((name, "f8") for name in numbers.split())])


# Fields are places in a row of `own`, or NONE, unless stated otherwise.
POPULATION = _fields(
    "size driven is_read counts",  # driven: by the stimulus; is_read: projections start here; counts: of spikes
    "activation first last",  # address; projections that arrive: first ≤ index < last
    "table bias rate current",  # local variables (6 × size), bias; rate and current of the next step
    "error back",  # backpropagated error; sum of the errors that arrive from later populations
    "twin_rate twin_current",  # of the same network with noise
    "route noise",  # feedback weights (size × n_received); noise among the random numbers of a step
    numbers="step forget",  # dt/tau, or 0 for neurons without a time constant; dt/tau_information
)
PROJECTION = _fields(
    "pre post advance factors",  # populations; addresses, 0 where there is none
    "weights states parameters time_step is_plastic",  # time_step, is_plastic: places of these parameters
    "noise drawn",  # noise of the weights; its place among the random numbers of a step
    "limits n_directions is_complement is_coupled has_matrix",  # limits: place in `fixed`
    "ticks collected",  # steps between ticks of the clock, or 0; state that collects the products of factors
    "memory_post memory_pre n_memory",  # factors of the last steps (n_memory × size)
)


class Setting(NamedTuple):
    """What is the same in all steps of a circuit."""

    has_targets: bool
    sends_error: bool
    is_perturbed: bool
    is_diffusing: bool  # weights read white noise, of its own in every step
    signals_last: bool  # whether the last population reads what is received as its learning signal
    message: int  # place of the message in `own`
    n_sent: int
    received: int
    n_received: int
    hold: int  # steps for which a pattern is presented
    shown: int  # step at which the first one begins
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


def _typed_at(typing: Any, numbers: Any, start: Any) -> Any:
    """Pointer to the numbers of an array from `start` on: a view that needs no counting of references."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(numbers)(context, builder, values[0])
        return builder.gep(array.data, [values[1]])

    return types.CPointer(types.float64)(numbers, types.int64), generate


def _typed_call(typing: Any, address: Any, arguments: Any) -> Any:
    """Call of the C function at an address with pointers, numbers and integers."""
    kinds = (types.CPointer(types.float64), types.float64, types.int64)
    if any(kind not in kinds for kind in arguments.types):
        raise TypeError(f"arguments of a C function must be among {kinds}, got {arguments.types}")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> None:
        passed = cgutils.unpack_tuple(builder, values[1])
        function = ir.FunctionType(ir.VoidType(), [p.type for p in passed])
        builder.call(builder.inttoptr(values[0], function.as_pointer()), passed)

    return types.void(address, arguments), generate


at: Any = intrinsic(_typed_at)
call: Any = intrinsic(_typed_call)


@njit(cache=True, error_model="numpy")
def run(
    own,
    fixed,
    filled,
    scratch,
    populations,
    projections,
    setting,
    stimulus,
    noise,
    channel,
    loss,
    broken,
    first,
    count,
    starting,
):
    """Advance every member of the batch from step `first` by `count` steps.

    With `starting` nothing moves: a step prepares inputs and errors of its end for the rates and weights that there
    are. A member stops, with the number of the step in `broken`, where an input or a rate is not finite, or a
    rate at which spikes are counted is negative.
    """
    patterns, targets, order = stimulus
    for b in range(broken.size):
        member, remembered = own[b], filled[b]
        for now in range(first + 1, first + count + 1):
            index = order[b, (now - setting.shown) // setting.hold % order.shape[1] if order.shape[1] > 1 else 0]
            pattern = at(patterns, index * patterns.shape[1])
            next_rates(member, populations, setting, pattern, starting)
            if setting.is_diffusing:
                draw_noise(member, populations, projections, noise[b, now - first - 1])
            pass_all(member, fixed, remembered, scratch, populations, projections, setting, now, starting)
            fill_tables(member, populations, starting)
            if setting.has_targets:
                target, output, message = at(targets, index * targets.shape[1]), populations[-1], setting.message
                missed = deviation(target, at(member, output.rate), output.size)
                loss[b] += missed
                if setting.is_perturbed:
                    period = (now - setting.shown) // setting.period - (first + 1 - setting.shown) // setting.period
                    drawn = noise[b, period]
                    perturb(member, populations, projections, pattern, drawn, starting)
                    member[message] = deviation(target, at(member, output.twin_rate), output.size) - missed
                    send(member, setting, channel, b, now, now - first - 1)
                elif setting.sends_error:
                    for i in range(output.size):
                        member[message + i] = target[i] - member[output.rate + i]
                    send(member, setting, channel, b, now, now - first - 1)
                    learning_signals(member, populations, setting)
                    errors(member, populations, projections, setting)
            if is_lost(member, populations):
                broken[b] = max(now, 1)
                break


@inner
def row(own, population, k):
    """Local variable of a population: row of its table."""
    return at(own, population.table + k * population.size)


@inner
def copy(values, into, size):
    """Copy the first values into an array."""
    for i in range(size):
        into[i] = values[i]


@inner
def activate(population, current, into, slope):
    """Rates φ(u) or, if `slope` is 1, slopes φ′(u)."""
    call(population.activation, (current, into, population.size, slope))


@inner
def relax(population, current, before, into, starting):
    """Rates after a step of their time constant; φ(u) takes the place of the current u."""
    activate(population, current, current, 0)
    share = 0.0 if starting else population.step
    for i in range(population.size):
        into[i] = before[i] + share * (current[i] - before[i])


@inner
def next_rates(own, populations, setting, pattern, starting):
    """Rates of the next step where they are known before the weights: inputs, and neurons with a time constant."""
    for k in range(populations.size):
        p = populations[k]
        rate, current = at(own, p.rate), at(own, p.current)
        if p.driven:
            copy(pattern, rate, p.size)
        elif p.step > 0.0:
            relax(p, current, row(own, p, RATE), rate, starting)
            if p.error != NONE and not starting:
                outside = k == populations.size - 1
                for i in range(p.size):
                    back = own[p.back + i] + (own[setting.received + i] if outside else 0.0)
                    own[p.error + i] += p.step * (back - own[p.error + i])
        copy(at(own, p.bias), current, p.size)


@inner
def pass_all(own, fixed, filled, scratch, populations, projections, setting, now, starting):
    """One step of all synapses, and the rates that follow at once from the new inputs."""
    for k in range(populations.size):
        post = populations[k]
        for m in range(post.first, post.last):
            p = projections[m]
            pre = populations[p.pre]
            tick = p.ticks > 0 and now % max(p.ticks, 1) == 0
            if p.factors != 0 and not starting:
                remember(own, filled, scratch, pre, post, p, m, setting, tick)
            if p.advance == 0 or starting or (p.factors != 0 and not tick):
                add_input(at(own, p.weights), at(own, pre.rate), at(own, post.current), post.size, pre.size)
            else:
                change(own, fixed, scratch, pre, post, p, setting, int(tick))
        if post.step == 0.0 and not post.driven:
            activate(post, at(own, post.current), at(own, post.rate), 0)


@inner
def draw_noise(own, populations, projections, drawn):
    """White noise of all synapses that read it."""
    for m in range(projections.size):
        p = projections[m]
        if p.drawn != NONE:
            copy(at(drawn, p.drawn), at(own, p.noise), populations[p.post].size * populations[p.pre].size)


@inner
def change(own, fixed, scratch, pre, post, p, setting, tick):
    """Advance the synapses of a projection by a step, within their limits, and add their next input."""
    weights, limits, changes = at(own, p.weights), at(fixed, p.limits), at(scratch, 0)
    rate, current = at(own, pre.rate), at(own, post.current)
    synapses = (weights, at(own, p.states), at(own, pre.table), at(own, post.table), at(own, p.noise))
    shared = (at(own, setting.received), at(own, p.parameters))
    call(p.advance, (*synapses, *shared, rate, current, limits, changes, post.size, pre.size, tick))
    if p.is_coupled:
        sizes = (post.size, pre.size, p.n_directions, p.is_complement, p.has_matrix)
        moving = own[p.time_step] * own[p.is_plastic]  # a drift, too, is held while the projection is frozen
        call(setting.move, (weights, changes, limits, rate, current, moving, *sizes))


@inner
def remember(own, filled, scratch, pre, post, p, m, setting, tick):
    """Note the factors of this step; collect their products if the memory is full or the clock ticks."""
    h = filled[m]
    by_post, by_pre = at(own, p.memory_post + h * post.size), at(own, p.memory_pre + h * pre.size)
    shared = (at(own, setting.received), at(own, p.parameters))
    call(p.factors, (at(own, pre.table), at(own, post.table), *shared, by_post, by_pre, post.size, pre.size))
    filled[m] = h + 1
    if h + 1 == p.n_memory or tick:
        collect(own, h + 1, scratch, pre, post, p)
        filled[m] = 0


@inner
def collect(own, count, scratch, pre, post, p):
    """Add the products of all factors that are remembered to the state that collects them."""
    size = post.size * pre.size
    by_post = own[p.memory_post : p.memory_post + count * post.size].reshape(count, post.size)
    by_pre = own[p.memory_pre : p.memory_pre + count * pre.size].reshape(count, pre.size)
    np.dot(by_post.T, by_pre, scratch[:size].reshape(post.size, pre.size))
    for n in range(size):
        own[p.collected + n] += own[p.time_step] * scratch[n]


@reordered
def add_input(w, rate, current, n_post, n_pre):
    """Add the input w·rate to current."""
    for i in range(n_post):
        total, start = 0.0, i * n_pre
        for j in range(n_pre):
            total += w[start + j] * rate[j]
        current[i] += total


@inner
def fill_tables(own, populations, starting):
    """Local variables of all neurons at the next step."""
    for k in range(populations.size):
        p = populations[k]
        copy(at(own, p.rate), row(own, p, RATE), p.size)
        if not p.driven:
            slope, information = row(own, p, SLOPE), row(own, p, INFORMATION)
            activate(p, at(own, p.current), slope, 1)
            share = 0.0 if starting else p.forget
            for i in range(p.size):
                information[i] += share * (slope[i] * slope[i] - information[i])


@inner
def deviation(target, rate, size):
    """½ Σ (target − rate)²."""
    total = 0.0
    for i in range(size):
        total += 0.5 * (target[i] - rate[i]) ** 2
    return total


@inner
def send(own, setting, channel, b, now, index):
    """Send the message through the feedback channel."""
    message, received = at(own, setting.message), at(own, setting.received)
    n_sent, n_received = setting.n_sent, setting.n_received
    if channel.factor.shape[1] == 0:
        copy(message, received, n_received)
        return
    n_steps, n_slots = channel.factor.shape[1], channel.waiting.shape[1]
    place = (b * n_steps + index) * n_received
    factor, noise = at(channel.factor, place), at(channel.noise, place)
    waiting = at(channel.waiting, b * n_slots * n_received)
    projection = at(channel.projection, b * channel.projection.shape[1] * n_sent)
    one = (channel.delivered[b, index, 0], channel.quantum[b])
    sizes = (n_sent, n_received, n_slots, int(channel.projection.shape[1] > 0), now, channel.delay[b])
    call(setting.deliver, (message, received, factor, noise, waiting, projection, *one, *sizes))


@inner
def learning_signals(own, populations, setting):
    """Error that is received, through the feedback weights of every population that has some."""
    received = at(own, setting.received)
    for k in range(populations.size):
        p = populations[k]
        signal = row(own, p, SIGNAL)
        if p.route != NONE:
            clear(signal, p.size)
            add_input(at(own, p.route), received, signal, p.size, setting.n_received)
        elif setting.signals_last and k == populations.size - 1:
            copy(received, signal, p.size)


@inner
def clear(values, size):
    """Set the first values to 0."""
    for i in range(size):
        values[i] = 0.0


@inner
def perturb(own, populations, projections, pattern, drawn, starting):
    """Rates of the same network with noise: a twin, whose neurons with a time constant follow in the same way."""
    for k in range(populations.size):
        p = populations[k]
        if p.step > 0.0:
            relax(p, at(own, p.twin_current), at(own, p.twin_rate), at(own, p.twin_rate), starting)
    for k in range(populations.size):
        p = populations[k]
        rate, current = at(own, p.twin_rate), at(own, p.twin_current)
        if p.driven:
            copy(pattern, rate, p.size)
            continue
        copy(at(own, p.bias), current, p.size)
        if p.noise != NONE:
            copy(at(drawn, p.noise), row(own, p, NOISE), p.size)
            for i in range(p.size):
                current[i] += drawn[p.noise + i]
        for m in range(p.first, p.last):
            q, pre = projections[m], populations[projections[m].pre]
            arriving = at(own, pre.twin_rate)
            add_input(at(own, q.weights), arriving, current, p.size, pre.size)
            if q.drawn != NONE:
                copy(at(drawn, q.drawn), at(own, q.noise), p.size * pre.size)
                add_input(at(own, q.noise), arriving, current, p.size, pre.size)
        if p.step == 0.0:
            activate(p, current, rate, 0)


@inner
def errors(own, populations, projections, setting):
    """Errors of all neurons that are reached, from the last population to the first, through the forward weights."""
    for k in range(populations.size):
        if populations[k].error != NONE:
            clear(at(own, populations[k].back), populations[k].size)
    for k in range(populations.size - 1, -1, -1):
        p = populations[k]
        if p.error == NONE:
            continue
        error, local, slope = at(own, p.error), row(own, p, ERROR), row(own, p, SLOPE)
        if p.step == 0.0:
            for i in range(p.size):
                error[i] = own[p.back + i] + (own[setting.received + i] if k == populations.size - 1 else 0.0)
        for i in range(p.size):
            local[i] = slope[i] * error[i]
        for m in range(p.first, p.last):
            pre = populations[projections[m].pre]
            if pre.error != NONE:
                send_back(at(own, projections[m].weights), local, at(own, pre.back), p.size, pre.size)


@reordered
def send_back(w, error, back, n_post, n_pre):
    """Add wᵀ·error to back."""
    for i in range(n_post):
        local, start = error[i], i * n_pre
        for j in range(n_pre):
            back[j] += w[start + j] * local


@inner
def is_lost(own, populations):
    """Whether an input, or a rate that no input depends on, is not finite, or spikes are counted at a negative rate."""
    total = 0.0
    for k in range(populations.size):
        p = populations[k]
        for i in range(p.size):
            total += 0.0 * own[p.current + i]
        if not p.is_read:
            for i in range(p.size):
                total += 0.0 * own[p.rate + i]
        if p.counts:
            for i in range(p.size):
                total += 1.0 if own[p.rate + i] < 0.0 else 0.0
    return total != 0.0
