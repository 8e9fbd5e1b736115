"""Published networks as one writes them in Brian2: nothing here uses the packages that it checks.

Each program takes lists of spike times and returns what its network did. Within a time step neurons are updated, fire,
send their spikes, and are reset, Brian2's default.
"""

from collections.abc import Callable
from functools import wraps

import brian2 as b
import numpy as np

from circuits.spiking.brian import with_brian


def program(function: Callable) -> Callable:
    """Run a function in NumPy, whatever target is set otherwise."""

    @wraps(function)
    @with_brian
    def alone(*arguments, **named):
        before, b.prefs.codegen.target = b.prefs.codegen.target, "numpy"
        try:
            return function(*arguments, **named)
        finally:
            b.prefs.codegen.target = before

    return alone


def source(trains, clock):
    """Group that fires lists of spike times."""
    steps = [np.round(np.asarray(t) / float(clock.dt)).astype(int) for t in trains]
    neurons = np.repeat(np.arange(len(trains)), [k.size for k in steps])
    return b.SpikeGeneratorGroup(len(trains), neurons, np.concatenate(steps) * clock.dt, clock=clock)


@program
def song_2000(excitatory, inhibitory, weights, duration, dt):
    """One neuron of Song, Miller & Abbott 2000: its spike times and final weights, in units of g_max."""
    clock = b.Clock(dt * b.second)
    constants = {
        "tau": 20 * b.ms,
        "rest": -70 * b.mV,
        "inhibited": -70 * b.mV,
        "tau_g": 5 * b.ms,
        "g_max": 0.015,
        "a_plus": 0.005,
        "a_minus": 1.05 * 0.005,
    }
    cell = b.NeuronGroup(
        1,
        """dv/dt = (rest - v + g_ex*(0*mV - v) + g_in*(inhibited - v))/tau : volt
        dg_ex/dt = -g_ex/tau_g : 1
        dg_in/dt = -g_in/tau_g : 1""",
        threshold="v > -54*mV",
        reset="v = -60*mV",
        method="euler",
        clock=clock,
        namespace=constants,
    )
    cell.v = -70 * b.mV
    driving, braking = source(excitatory, clock), source(inhibitory, clock)
    learning = b.Synapses(
        driving,
        cell,
        """g : 1
        dM/dt = -M/(20*ms) : 1 (event-driven)
        dP/dt = -P/(20*ms) : 1 (event-driven)""",
        on_pre="g_ex_post += g\nP += a_plus*g_max\ng = clip(g + M, 0, g_max)",
        on_post="M -= a_minus*g_max\ng = clip(g + P, 0, g_max)",
        clock=clock,
        namespace=constants,
    )
    learning.connect()
    learning.post.order = 1
    learning.g = weights * constants["g_max"]
    fixed = b.Synapses(braking, cell, on_pre="g_in_post += 0.05", clock=clock)
    fixed.connect()
    spikes = b.SpikeMonitor(cell)
    b.Network(driving, braking, cell, learning, fixed, spikes).run(duration * b.second)
    return np.asarray(spikes.t), np.asarray(learning.g) / constants["g_max"]


@program
def vogels_2011(excitatory, inhibitory, excitation, duration, dt):
    """One neuron of Vogels et al. 2011 (ModelDB 143751): its spike times and final inhibitory weights.

    Brian2 counts the step of a spike as part of the refractory time.
    """
    clock = b.Clock(dt * b.second)
    constants = {"rest": -60 * b.mV, "tau_e": 5 * b.ms, "tau_i": 10 * b.ms, "eta": 0.001, "alpha": 0.25}
    cell = b.NeuronGroup(
        1,
        """dv/dt = (rest - v + g_e*(0*mV - v) + g_i*(-80*mV - v))/(20*ms) : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : 1
        dg_i/dt = -g_i/tau_i : 1""",
        threshold="v > -50*mV",
        reset="v = rest",
        refractory=5 * b.ms + dt * b.second,
        method="euler",
        clock=clock,
        namespace=constants,
    )
    cell.v = -60 * b.mV
    driving, braking = source(excitatory, clock), source(inhibitory, clock)
    fixed = b.Synapses(driving, cell, "s : 1", on_pre="g_e_post += 0.014*s", clock=clock)
    fixed.connect()
    fixed.s = excitation
    learning = b.Synapses(
        braking,
        cell,
        """s : 1
        dpre_spikes/dt = -pre_spikes/(20*ms) : 1 (event-driven)
        dpost_spikes/dt = -post_spikes/(20*ms) : 1 (event-driven)""",
        on_pre="g_i_post += 0.035*s\ns = clip(s + eta*(post_spikes - alpha), 0, inf)\npre_spikes += 1",
        on_post="s = clip(s + eta*pre_spikes, 0, inf)\npost_spikes += 1",
        clock=clock,
        namespace=constants,
    )
    learning.connect()
    learning.post.order = 1
    learning.s = 0.1
    spikes = b.SpikeMonitor(cell)
    b.Network(driving, braking, cell, fixed, learning, spikes).run(duration * b.second)
    return np.asarray(spikes.t), np.asarray(learning.s)


@program
def balanced_2011(wiring, weights, v_start, n_excitatory, eta, alpha, highest, duration, dt):
    """Balanced network of Vogels & Abbott 2005 with the inhibitory plasticity of Vogels et al. 2011, all delays 1 ms.

    `wiring` has sources and targets by the names ee, ei, ie and ii, `weights` their strengths [mV]. Returns the spikes,
    those who fired and the final weights of ie. It starts with an update, so that it takes a step less to a state.
    """
    clock = b.Clock(dt * b.second)
    cells = b.NeuronGroup(
        len(v_start),
        """dv/dt = (-49*mV - v + g_e - g_i)/(20*ms) : volt (unless refractory)
        dg_e/dt = -g_e/(5*ms) : volt
        dg_i/dt = -g_i/(10*ms) : volt""",
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * b.ms + dt * b.second,
        method="exponential_euler",
        clock=clock,
    )
    cells.v = v_start * b.volt
    parts = {"e": cells[:n_excitatory], "i": cells[n_excitatory:]}
    synapses = []
    for name, ends in wiring.items():
        act = f"g_{name[0]}_post += s*mV"
        learned = {"on_pre": act}
        equations = "s : 1"
        if name == "ie":
            equations += """
            dx/dt = -x/(20*ms) : 1 (event-driven)
            dy/dt = -y/(20*ms) : 1 (event-driven)"""
            learned = {
                "on_pre": act + "\ns = clip(s + eta*(y - alpha), 0, highest)\nx += 1",
                "on_post": "s = clip(s + eta*x, 0, highest)\ny += 1",
            }
        space = {"eta": eta, "alpha": alpha, "highest": highest}
        pre, post = parts[name[0]], parts[name[1]]
        made = b.Synapses(pre, post, equations, **learned, delay={"pre": 1 * b.ms}, clock=clock, namespace=space)
        made.connect(i=ends[0], j=ends[1])
        made.s = weights[name]
        if name == "ie":
            made.post.order, learning = 1, made
        synapses.append(made)
    spikes = b.SpikeMonitor(cells)
    b.Network(cells, *synapses, spikes).run(duration * b.second)
    return np.asarray(spikes.t), np.asarray(spikes.i), np.asarray(learning.s)


@program
def milstein_2021(inputs, plateaus, duration, dt):
    """Weights of one cell by the two-trace rule of Milstein et al. 2021 (values of their figure 5), from 0.

    Brian2 advances before events act, at the beginning of a step, so that it takes a step more to the same state.
    """
    clock = b.Clock(dt * b.second)
    passing, instructing = source(inputs, clock), source([plateaus], clock)
    cell = b.NeuronGroup(1, "", clock=clock)
    learning = b.Synapses(
        passing,
        cell,
        """dw/dt = 1.7*hertz*(10 - w)*(s_up - up_0)/(up_1 - up_0) - 0.204*hertz*w*(s_down - down_0)/(down_1 - down_0)
           : 1 (clock-driven)
        dE/dt = -E/(2.5*second) : 1 (clock-driven)
        dI/dt = -I/(1.5*second) : 1 (clock-driven)
        s_up = 1/(1 + exp(-4*(E*I - 0.5))) : 1
        s_down = 1/(1 + exp(-44.44*(E*I - 0.01))) : 1""".replace("\n           :", " :"),
        on_pre="E = 1",
        method="rk4",
        clock=clock,
        namespace={
            f"{name}_{k}": 1 / (1 + np.exp(-slope * (k - level)))
            for name, slope, level in (("up", 4.0, 0.5), ("down", 44.44, 0.01))
            for k in (0, 1)
        },
    )
    learning.connect()
    starts = b.Synapses(instructing, learning, on_pre="I_post = 1", clock=clock)
    starts.connect()
    b.Network(passing, instructing, cell, learning, starts).run((duration + dt) * b.second)
    return np.asarray(learning.w)


@program
def two_neurons(drive, duration, dt):
    """Two neurons and a synapse whose rule reads the voltage behind it and the adaptation before it.

    Returns the spike times of both, the weight and the filtered voltage [mV]. Of a step, the synapse is advanced with
    the values that its spikes saw; then neurons that fired are reset, and all advance.
    """
    clock = b.Clock(dt * b.second)
    neuron = """
    dv/dt = (-65*mV - v + current - 20*mV*a)/(20*ms) : volt
    da/dt = -a/(100*ms) : 1
    current : volt (constant)
    """
    made = {"threshold": "v > -50*mV", "reset": "v = -65*mV\na += 0.1", "method": "euler", "clock": clock}
    pre, post = b.NeuronGroup(1, neuron, **made), b.NeuronGroup(1, neuron, **made)
    synapse = b.Synapses(
        pre,
        post,
        """dw/dt = 20*Hz*x*(v_post - u*mV)/(10*mV) - 0.1*Hz*a_pre : 1 (clock-driven)
        dx/dt = -x/(15*ms) : 1 (clock-driven)
        du/dt = (v_post/mV - u)/(10*ms) : 1 (clock-driven)""",
        on_pre="v_post += 4*mV*w\nw -= 0.01*(u + 60)\nx += 1",
        on_post="w += 0.02*a_pre*(v_post + 50*mV)/mV",
        method="euler",
        clock=clock,
    )
    synapse.connect()
    synapse.post.order = 1
    synapse.state_updater.order = -10
    synapse.w, synapse.u = 1.0, -65.0
    spikes = []
    for group, current in zip((pre, post), drive, strict=True):
        group.v, group.current = -65 * b.mV, current * b.mV
        group.resetter["spike"].when, group.resetter["spike"].order = "groups", -5
        spikes.append(b.SpikeMonitor(group))
    network = b.Network(pre, post, synapse, *spikes)
    network.schedule = ["start", "thresholds", "synapses", "groups", "resets", "end"]
    network.run(duration * b.second)
    return [np.asarray(monitor.t) for monitor in spikes], float(synapse.w[0]), float(synapse.u[0])


@program
def izhikevich_2007(noise, sources, targets, weights, delays, duration, n_excitatory):
    """Network of Izhikevich 2007 (ModelDB 84167): spike times, who fired, reward times, excitatory weights at the end.

    `noise` (n_steps, n) replaces the random input; synapses are listed, excitatory ones first, and inhibitory ones have
    the weight −1. Neurons 0 and 1 are the chosen pair; rewards come after one of the `delays` in turn. Brian2 advances
    before events act, so that it takes a step more to the same state.
    """
    n, split, clock = noise.shape[1], len(weights), b.Clock(1 * b.ms)
    noise = b.TimedArray(noise, dt=clock.dt)
    cells = b.NeuronGroup(
        n,
        "v : 1\nu : 1\narriving : 1\nnow : 1\na : 1 (constant)\nd : 1 (constant)",
        threshold="v >= 30",
        reset="v = -65\nu += d",
        clock=clock,
        namespace={"noise": noise},
    )
    half = "v += 0.5*(0.04*v**2 + 5*v + 140 - u + now)\n"
    cells.run_regularly(f"now = noise(t, i) + arriving\n{half}{half}u += a*(0.2*v - u)\narriving = 0", clock=clock)
    cells.v, cells.u = -65, 0.2 * -65
    cells.a = np.where(np.arange(n) < n_excitatory, 0.02, 0.1)
    cells.d = np.where(np.arange(n) < n_excitatory, 8, 2)
    learning = b.Synapses(
        cells,
        cells,
        """dc/dt = -c/second : 1 (clock-driven)
        ddopamine/dt = -dopamine/(200*ms) : 1 (clock-driven)
        ds/dt = c*(dopamine + 0.002)/(10*ms) : 1 (clock-driven)
        dM/dt = -M/(20*ms) : 1 (event-driven)
        dP/dt = -P/(20*ms) : 1 (event-driven)""",
        on_pre="arriving_post += s\nc -= 1.5*M\nP = 0.1",
        on_post="c += P\nM = 0.1",
        method="rk4",
        clock=clock,
    )
    learning.connect(i=sources[:split], j=targets[:split])
    learning.post.order = 1
    learning.s = weights
    learning.run_regularly("s = clip(s, 0, 4)", clock=clock, when="groups", order=1)
    fixed = b.Synapses(cells, cells, on_pre="arriving_post -= 1", clock=clock)
    fixed.connect(i=sources[split:], j=targets[split:])
    spikes = b.SpikeMonitor(cells)
    last, due, rewards = [-100], [], []

    @b.network_operation(clock=clock, when="end")
    def reward():
        step, fired = round(float(clock.t / clock.dt)), set(spikes.i[spikes.t == clock.t])
        if 0 in fired:
            last.append(step)
        if 1 in fired and 0 < step - last[-1] < 20:
            due.append(step + round(delays[len(due) % len(delays)] / 1e-3))
        for _ in range(due.count(step)):
            learning.dopamine += 0.5
            rewards.append(step * 1e-3)

    b.Network(cells, learning, fixed, spikes, reward).run(duration * b.second + clock.dt)
    before_end = spikes.t < duration * b.second - clock.dt / 2
    return np.asarray(spikes.t[before_end]), np.asarray(spikes.i[before_end]), np.array(rewards), np.asarray(learning.s)


@program
def diehl_2015(images, weights, duration, dt, weight_sum):
    """Network of Diehl & Cook 2015 that learns images: spike times, who fired, thresholds [mV], weights (cell, pixel).

    An image is a list of spike times for every pixel; it lasts `duration`, with the rest, and then weights are scaled.
    As in their program, but for thresholds from 0 up, no delays, weights 784/64 times as strong, and five times their
    rates of learning. Brian2 counts the step of a spike as part of the refractory time.
    """
    n, clock, step = len(weights), b.Clock(dt * b.second), dt * b.second
    excitatory = b.NeuronGroup(
        n,
        """dv/dt = ((-65*mV - v) + ge*(0*mV - v) + gi*(-100*mV - v))/(100*ms) : volt (unless refractory)
        dge/dt = -ge/(1*ms) : 1
        dgi/dt = -gi/(2*ms) : 1
        dtheta/dt = -theta/(1e7*ms) : volt""",
        threshold="v > theta - 52*mV",
        reset="v = -65*mV\ntheta += 0.05*mV",
        refractory=5 * b.ms + step,
        method="euler",
        clock=clock,
    )
    inhibitory = b.NeuronGroup(
        n,
        """dv/dt = ((-60*mV - v) + ge*(0*mV - v))/(10*ms) : volt (unless refractory)
        dge/dt = -ge/(1*ms) : 1""",
        threshold="v > -40*mV",
        reset="v = -45*mV",
        refractory=2 * b.ms + step,
        method="euler",
        clock=clock,
    )
    excitatory.v, inhibitory.v = -65 * b.mV, -60 * b.mV
    trains = [
        np.concatenate([k * duration + image[j] for k, image in enumerate(images)]) for j in range(len(images[0]))
    ]
    pixels = source(trains, clock)
    learning = b.Synapses(
        pixels,
        excitatory,
        """w : 1
        dpre_trace/dt = -pre_trace/(20*ms) : 1 (event-driven)
        dpost1/dt = -post1/(20*ms) : 1 (event-driven)
        dpost2/dt = -post2/(40*ms) : 1 (event-driven)""",
        on_pre="ge_post += w*784/64\npre_trace = 1\nw = clip(w - 5e-4*post1, 0, 1)",
        on_post="w = clip(w + 0.05*pre_trace*post2, 0, 1)\npost1 = 1\npost2 = 1",
        clock=clock,
    )
    learning.connect()
    learning.post.order = 1
    learning.w = weights.T.ravel()
    relay = b.Synapses(excitatory, inhibitory, on_pre="ge_post += 10.4", clock=clock)
    relay.connect(j="i")
    rivalry = b.Synapses(inhibitory, excitatory, on_pre="gi_post += 17", clock=clock)
    rivalry.connect(condition="i != j")
    spikes = b.SpikeMonitor(excitatory)
    network = b.Network(pixels, excitatory, inhibitory, learning, relay, rivalry, spikes)
    for _ in images:
        network.run(duration * b.second)
        now = np.asarray(learning.w).reshape(weights.T.shape)
        learning.w = (now * weight_sum / now.sum(0)).ravel()
    final = np.asarray(learning.w).reshape(weights.T.shape).T
    return np.asarray(spikes.t), np.asarray(spikes.i), np.asarray(excitatory.theta / b.mV), final


@program
def clopath_2010(pre, post, held, spike_adaptation, duration):
    """Weights of cells by the voltage rule of Clopath et al. 2010, stepped by 1 ms as in ModelDB 144566, in mV and pA.

    `pre` and `post` are lists of spike times, one list per cell, `held` the current that holds each. A spike is forced
    by a large current; it stands for two steps, and filters act on the weight as they were three steps before.
    """
    n, n_steps = len(pre), round(duration * 1e3)
    events = np.zeros((2, n_steps, n))
    for kind, trains in enumerate((pre, post)):
        for cell, times in enumerate(trains):
            events[kind, np.round(np.asarray(times) * 1e3).astype(int), cell] = 1
    clock = b.Clock(1 * b.ms)
    names = ("u", "wad", "tail", "VT", "x", "counter", "w", "m0", "m1", "m2", "m3", "p0", "p1", "p2", "p3", "hold")
    cells = b.NeuronGroup(
        n,
        "\n".join(f"{name} : 1" for name in names),
        clock=clock,
        namespace={"is_pre": b.TimedArray(events[0], 1 * b.ms), "is_post": b.TimedArray(events[1], 1 * b.ms)},
    )
    cells.run_regularly(
        f"""
        u = u*int(counter != 2) + (-70.6 + 15 + 6.0984)*int(counter == 2)
        wad = wad + {spike_adaptation}*int(counter == 2)
        tail = tail*int(counter != 2) + 400*int(counter == 2)
        VT = VT*int(counter != 2) - 30.4*int(counter == 2)
        counter = counter*int(counter != 2)
        leak = 30*(u + 70.6)
        du = (30*2*exp((u - VT)/2) - leak - wad + tail + hold + 1e6*is_post(t, i))/281
        dw = (4*(u + 70.6) - wad)/144
        u = (u + du)*int(counter != 1) + (29.4 + 3.462)*int(counter == 1)
        wad = wad + dw*int(counter != 1)
        tail = tail - tail/40
        VT = -50.4/50 + (1 - 1/50)*VT
        counter = 2*int(counter == 1) + int(counter == 0)*int(u > 20)
        u = u*int(counter != 1) + 29.4*int(counter == 1)
        w = w - 1.4e-4*is_pre(t, i)*clip(m3 + 70.6, 0, inf) + 8e-5*x*clip(u + 45.3, 0, inf)*clip(p3 + 70.6, 0, inf)
        m3 = m2
        m2 = m1
        m1 = m0
        m0 = u/10 + (1 - 1/10)*m0
        p3 = p2
        p2 = p1
        p1 = p0
        p0 = u/7 + (1 - 1/7)*p0
        x = is_pre(t, i)/15 + (1 - 1/15)*x
        """,
        clock=clock,
    )
    cells.hold, cells.VT, cells.w = held, -50.4, 0.5
    for name in ("u", *(k + str(delay) for k in "mp" for delay in range(4))):
        setattr(cells, name, -70.6)
    b.Network(cells).run(n_steps * b.ms)
    return np.asarray(cells.w)
