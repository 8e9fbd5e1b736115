"""Lags at which ANNarchy's STDP sees pairs of spikes, against those of the spikes that it records.

Four pairs, each in a synapse of its own. The lag that a weight change means is τ·ln(A/|Δw|); prints it beside the
difference of the recorded times, in ms, with a step of 0.1 ms. Run it in an empty folder: it compiles there.
"""

import contextlib
import io
import math

TAU, SIZE, STEP = 20.0, 0.01, 0.1  # ms, amplitude, ms
PRE, POST = [[100.0], [105.0], [120.0], [115.0]], [[110.0], [110.0], [110.0], [110.0]]


def main():
    """Run the pairs and print."""
    import ANNarchy as annarchy

    with contextlib.redirect_stdout(io.StringIO()):
        net = annarchy.Network(dt=STEP)
        pre, driver = net.create(annarchy.SpikeSourceArray(PRE)), net.create(annarchy.SpikeSourceArray(POST))
        neuron = annarchy.Neuron(equations="v = g_drive", spike="v > 0.5", reset="v = 0.0")
        post = net.create(len(PRE), neuron)
        net.connect(driver, post, "drive").one_to_one(weights=1.0)
        rule = annarchy.STDP(tau_plus=TAU, tau_minus=TAU, A_plus=SIZE, A_minus=SIZE, w_min=-9.0, w_max=1.0)
        plastic = net.connect(pre, post, "none", rule)
        plastic.one_to_one(weights=0.5)
        spikes = [net.monitor(population, "spike") for population in (pre, post)]
        net.compile(directory="annarchy_lags")
        net.simulate(200.0)

    print(f"ANNarchy {annarchy.__version__}")
    sent, fired = (monitor.get("spike") for monitor in spikes)
    for i in range(len(PRE)):
        change = float(plastic.w[i][0]) - 0.5
        recorded = (fired[i][0] - sent[i][0]) * STEP
        meant = math.copysign(TAU * math.log(SIZE / abs(change)), change)
        print(f"recorded lag {recorded:+.1f} ms, weight change {change:+.6f}, which means a lag of {meant:+.3f} ms")


if __name__ == "__main__":
    main()
