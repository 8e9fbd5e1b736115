"""The network in ANNarchy, one thread; CPU seconds of simulate alone. The parameters are compiled into its C++."""

import numpy as np
from worker import Stopwatch, peak, read_task, tell

NEURON = """
tau_m*dv/dt = v_rest - v + g_exc - g_inh
tau_e*dg_exc/dt = -g_exc
tau_i*dg_inh/dt = -g_inh
"""
SYNAPSE = """
tau_plus*dx/dt = -x : event-driven
tau_minus*dy/dt = -y : event-driven
"""
ON_PRE = """
g_target += w
w = clip(w - a_minus*y, 0.0, w_max)
x += 1.0
"""
ON_POST = """
w = clip(w + a_plus*x, 0.0, w_max)
y += 1.0
"""


def declared(kind, **values):
    """Parameters as ANNarchy reads them, one value for all."""
    return "\n".join(f"{name} = {float(value)!r} : {kind}" for name, value in values.items())


def build(annarchy, task):
    """Network, plastic synapses and monitor; times in ms, potentials and weights in mV."""
    net = annarchy.Network(dt=1e3 * float(task.dt))
    n, total = int(task.n_excitatory), int(task.n_excitatory + task.n_inhibitory)
    taus = {"tau_m": 1e3 * task.tau_membrane, "tau_e": 1e3 * task.tau_excitatory, "tau_i": 1e3 * task.tau_inhibitory}
    neuron = annarchy.Neuron(
        parameters=declared("population", v_rest=1e3 * task.v_rest, **taus),
        equations=NEURON,
        spike=f"v > {1e3 * float(task.v_threshold)!r}",
        reset=f"v = {1e3 * float(task.v_reset)!r}",
        refractory=1e3 * float(task.refractory),
    )
    values = {"w_max": task.w_max, "a_plus": task.a_plus, "a_minus": task.a_minus}
    values |= {"tau_plus": 1e3 * task.tau_plus, "tau_minus": 1e3 * task.tau_minus}
    stdp = annarchy.Synapse(
        parameters=declared("projection", **values), equations=SYNAPSE, pre_spike=ON_PRE, post_spike=ON_POST
    )
    neurons = net.create(geometry=total, neuron=neuron)
    neurons.v = 1e3 * task.v_start
    parts = {"e": neurons[:n], "i": neurons[n:]}
    for name, weight in (("ei", task.w_ei), ("ie", task.w_i), ("ii", task.w_i)):
        connect(
            net.connect(parts[name[0]], parts[name[1]], target="exc" if name[0] == "e" else "inh"), name, weight, task
        )
    plastic = connect(net.connect(parts["e"], parts["e"], target="exc", synapse=stdp), "ee", task.w_start, task)
    return net, plastic, net.monitor(neurons, "spike")


def connect(projection, name, weight, task):
    """Give a projection its synapses."""
    from scipy.sparse import csr_matrix

    sizes = {"e": int(task.n_excitatory), "i": int(task.n_inhibitory)}
    i, j = getattr(task, f"{name}_i"), getattr(task, f"{name}_j")
    weights = csr_matrix((np.full(len(i), float(weight)), (i, j)), shape=(sizes[name[0]], sizes[name[1]]))
    projection.from_sparse(weights, delays=1e3 * float(task.delay))
    return projection


def main() -> None:
    """Build what is not built yet, and run once."""
    task = read_task()
    import ANNarchy as annarchy

    base = peak()
    net, plastic, monitor = build(annarchy, task)
    net.compile(directory=str(task.folder / "annarchy"), silent=True)
    watch = Stopwatch()
    net.simulate(1e3 * task.duration)
    seconds, memory = watch(), peak() - base
    spikes = monitor.get("spike")
    counts = np.array([len(spikes.get(k, ())) for k in range(int(task.n_excitatory + task.n_inhibitory))])
    w = np.concatenate([np.asarray(row) for row in plastic.w]) / task.w_max
    tell(annarchy.__version__, seconds, memory, counts, w, task)


if __name__ == "__main__":
    main()
