"""A pre spike that never was: NEST's nearest-neighbour STDP pairs the first post spike with the time 0.

One post spike at 5 ms and no pre spike before 20 s; nothing to pair, yet the weight grows by A_plus·exp(−Δ/tau_plus)
with Δ = 5 ms + d, as if a pre spike had come at the start. Prints that change and what the formula gives.
"""

import math


def main():
    """Run the pairs and print."""
    import nest

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    post, pre = (nest.Create("parrot_neuron") for _ in range(2))
    for neuron, time in ((post, 4.0), (pre, 20_000.0)):
        nest.Connect(nest.Create("spike_generator", params={"spike_times": [time]}), neuron)
    rule = {"synapse_model": "stdp_nn_symm_synapse", "weight": 1.0, "Wmax": 100.0, "lambda": 1e-4, "mu_plus": 0.0}
    nest.Connect(pre, post, syn_spec=rule | {"mu_minus": 0.0, "alpha": 0.5, "tau_plus": 20.0, "receptor_type": 1})
    nest.Simulate(20_100.0)
    change = nest.GetConnections(pre, post)[0].get("weight") - 1
    meant = 0.01 * math.exp(-6 / 20)
    print(f"NEST {nest.__version__}: change {change:.6g}, 0.01·exp(−(5 + 1)/20) = {meant:.6g}, expected 0")


if __name__ == "__main__":
    main()
