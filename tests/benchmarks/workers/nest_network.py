"""The network in NEST, one thread; CPU seconds of Run alone. Its delays count as dendritic in the learning rule."""

import numpy as np
from worker import Stopwatch, peak, read_task, tell


def neurons(nest, task):
    """All neurons and a recorder for each kind."""
    tau, capacity = 1e3 * float(task.tau_membrane), 200.0
    population = nest.Create(
        "iaf_psc_exp",
        int(task.n_excitatory + task.n_inhibitory),
        params={
            "C_m": capacity,
            "tau_m": tau,
            "E_L": 1e3 * float(task.v_rest),
            "V_th": 1e3 * float(task.v_threshold),
            "V_reset": 1e3 * float(task.v_reset),
            "t_ref": 1e3 * float(task.refractory),
            "tau_syn_ex": 1e3 * float(task.tau_excitatory),
            "tau_syn_in": 1e3 * float(task.tau_inhibitory),
            "tau_minus": 1e3 * float(task.tau_minus),
        },
    )
    population.V_m = list(1e3 * task.v_start)
    return population, capacity / tau


def connect(nest, task, population, unit):
    """The same synapses; weights in pA."""
    ids, n = np.array(population.tolist()), int(task.n_excitatory)
    largest = float(task.w_max)
    rule = {"Wmax": largest * unit, "lambda": float(task.a_plus) / largest, "mu_plus": 0.0, "mu_minus": 0.0}
    rule |= {"alpha": float(task.a_minus / task.a_plus), "tau_plus": 1e3 * float(task.tau_plus)}
    nest.CopyModel("stdp_synapse", "stdp", rule)
    for name, model, weight in (
        ("ee", "stdp", float(task.w_start)),
        ("ei", "static_synapse", float(task.w_ei)),
        ("ie", "static_synapse", -float(task.w_i)),
        ("ii", "static_synapse", -float(task.w_i)),
    ):
        pre = getattr(task, f"{name}_i") + (0 if name[0] == "e" else n)
        post = getattr(task, f"{name}_j") + (0 if name[1] == "e" else n)
        size = len(pre)
        synapse = {"synapse_model": model, "weight": np.full(size, weight * unit)}
        synapse["delay"] = np.full(size, 1e3 * float(task.delay))
        nest.Connect(ids[pre], ids[post], "one_to_one", synapse)


def main() -> None:
    """Build and run once."""
    import nest

    task = read_task()
    nest.set_verbosity("M_ERROR")
    base = peak()
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 1e3 * float(task.dt), "local_num_threads": 1})
    population, unit = neurons(nest, task)
    connect(nest, task, population, unit)
    recorder = nest.Create("spike_recorder")
    nest.Connect(population, recorder)
    nest.Prepare()
    watch = Stopwatch()
    nest.Run(1e3 * task.duration)
    seconds, memory = watch(), peak() - base
    nest.Cleanup()
    senders = recorder.get("events", "senders")
    counts = np.bincount(np.asarray(senders) - population.tolist()[0], minlength=len(population))
    found = nest.GetConnections(synapse_model="stdp").get("weight")
    tell(nest.__version__, seconds, memory, counts, np.array(found) / unit / task.w_max, task)


if __name__ == "__main__":
    main()
