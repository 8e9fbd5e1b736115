"""The network as one writes it by hand in Brian2, as C++ with one thread; CPU seconds of the binary.

Traces are event-driven in every synapse, as in the documentation of Brian2, or variables of the neurons.
"""

from worker import ChildPeak, children_cpu, read_task, tell

NEURON = """
dv/dt = (v_rest - v + ge - gi)/tau_m : volt (unless refractory)
dge/dt = -ge/tau_e : volt
dgi/dt = -gi/tau_i : volt
"""
SYNAPSE = """
w : volt
dx/dt = -x/tau_plus : 1 (event-driven)
dy/dt = -y/tau_minus : 1 (event-driven)
"""
ON_PRE = """
ge_post += w
w = clip(w - a_minus*y, 0*volt, w_max)
x += 1
"""
ON_POST = """
w = clip(w + a_plus*x, 0*volt, w_max)
y += 1
"""
TRACES = """
dx/dt = -x/tau_plus : 1
dy/dt = -y/tau_minus : 1
"""
IN_NEURONS = {
    "on_pre": """
ge_post += w
w = clip(w - a_minus*y_post, 0*volt, w_max)
""",
    "on_post": "w = clip(w + a_plus*x_pre, 0*volt, w_max)",
}


def build(task, in_neurons):
    """Network, plastic synapses and monitor."""
    import brian2 as b

    volt, mv, second = b.volt, b.mV, b.second
    space = {"v_rest": task.v_rest * volt, "v_t": task.v_threshold * volt, "v_r": task.v_reset * volt}
    space |= {
        "tau_m": task.tau_membrane * second,
        "tau_e": task.tau_excitatory * second,
        "tau_plus": task.tau_plus * second,
    }
    space |= {"tau_i": task.tau_inhibitory * second, "w_ei": task.w_ei * mv, "w_i": task.w_i * mv}
    space |= {"tau_minus": task.tau_minus * second}
    space |= {"w_max": task.w_max * mv, "a_plus": task.a_plus * mv, "a_minus": task.a_minus * mv}
    n, total = int(task.n_excitatory), int(task.n_excitatory + task.n_inhibitory)
    neurons = b.NeuronGroup(
        total,
        NEURON + TRACES * in_neurons,
        threshold="v > v_t",
        reset="v = v_r" + "\ny += 1" * in_neurons,
        refractory=(task.refractory + task.dt) * second,  # Brian2 counts the step of the spike
        method="exact",
        name="g",
    )
    neurons.v = task.v_start * volt
    excitatory, inhibitory, late = neurons[:n], neurons[n:], task.delay * second
    statements = IN_NEURONS if in_neurons else {"on_pre": ON_PRE, "on_post": ON_POST}
    equations = "w : volt" if in_neurons else SYNAPSE
    ee = b.Synapses(excitatory, excitatory, equations, **statements, delay=late, name="ee")
    ei = b.Synapses(excitatory, inhibitory, on_pre="ge_post += w_ei", delay=late, name="ei")
    ie = b.Synapses(inhibitory, excitatory, on_pre="gi_post += w_i", delay=late, name="ie")
    ii = b.Synapses(inhibitory, inhibitory, on_pre="gi_post += w_i", delay=late, name="ii")
    for synapses in (ee, ei, ie, ii):
        synapses.connect(i=getattr(task, f"{synapses.name}_i"), j=getattr(task, f"{synapses.name}_j"))
    ee.w = task.w_start * mv
    monitor = b.SpikeMonitor(neurons, record=False, name="counts")
    network = b.Network(neurons, ee, ei, ie, ii, monitor, name="network")
    if in_neurons:  # a trace jumps when the spike arrives, after the synapses and before the postsynaptic spikes
        arrive = b.Synapses(excitatory, excitatory, on_pre="x_post += 1", delay=late, name="arrive")
        arrive.connect(j="i")
        arrive.pre.order, ee.post.order = 1, 2
        network.add(arrive)
    return network, ee, monitor, space


def main(in_neurons: bool = False) -> None:
    """Build what is not built yet, and run once."""
    task = read_task()
    import brian2 as b

    folder = str(task.folder / f"brian2-{in_neurons:d}-{task.ee_i.size}-{task.duration:g}")
    b.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    b.defaultclock.dt = task.dt * b.second
    network, ee, monitor, space = build(task, in_neurons)
    network.run(task.duration * b.second, namespace=space)
    b.device.build(directory=folder, run=False)
    before = children_cpu()
    with ChildPeak() as child:
        b.device.run()
    seconds = children_cpu() - before
    tell(b.__version__, seconds, child.bytes, monitor.count[:], ee.w[:] / b.mV / task.w_max, task)


if __name__ == "__main__":
    main()
