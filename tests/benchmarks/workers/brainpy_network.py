"""The network in BrainPy on the CPU, in its 32-bit numbers; CPU seconds of the second call of the compiled loop."""

import numpy as np
from worker import Stopwatch, peak, read_task, tell


def layers(brainpy, task):
    """Synapses by name, as sparse matrices that take events."""
    sizes, found = {"e": int(task.n_excitatory), "i": int(task.n_inhibitory)}, {}
    for name, weight in (("ee", task.w_start), ("ei", task.w_ei), ("ie", task.w_i), ("ii", task.w_i)):
        i, j = getattr(task, f"{name}_i"), getattr(task, f"{name}_j")
        ends = brainpy.conn.IJConn(i, j)(sizes[name[0]], sizes[name[1]])
        value = np.full(len(i), float(weight), np.float32) if name == "ee" else float(weight)
        found[name] = brainpy.dnn.EventCSRLinear(ends, weight=value)
    return found


def system(brainpy, task):
    """Network as one system; times in ms, potentials and weights in mV."""
    import brainpy.math as bm

    n, total = int(task.n_excitatory), int(task.n_excitatory + task.n_inhibitory)
    dt, tau_m = 1e3 * float(task.dt), 1e3 * float(task.tau_membrane)
    tau_e, tau_i = 1e3 * float(task.tau_excitatory), 1e3 * float(task.tau_inhibitory)
    keep_v, keep_e, keep_i = (float(np.exp(-dt / t)) for t in (tau_m, tau_e, tau_i))
    keep_x, keep_y = (float(np.exp(-dt / (1e3 * float(t)))) for t in (task.tau_plus, task.tau_minus))
    from_e, from_i = tau_e / (tau_e - tau_m) * (keep_e - keep_v), tau_i / (tau_i - tau_m) * (keep_i - keep_v)
    rest, threshold, reset = (1e3 * float(v) for v in (task.v_rest, task.v_threshold, task.v_reset))
    late, pause = (round(1e3 * float(t) / dt) for t in (task.delay, task.refractory))
    a_plus, a_minus, w_max = float(task.a_plus), float(task.a_minus), float(task.w_max)

    class Network(brainpy.DynamicalSystem):
        def __init__(self):
            super().__init__()
            self.v = bm.Variable(bm.asarray(1e3 * task.v_start, dtype=bm.float32))
            self.ge, self.gi = bm.Variable(bm.zeros(total)), bm.Variable(bm.zeros(total))
            self.x, self.y = bm.Variable(bm.zeros(n)), bm.Variable(bm.zeros(n))
            self.idle = bm.Variable(bm.zeros(total, dtype=bm.int32))
            self.ring = bm.Variable(bm.zeros((late, total), dtype=bool))
            self.counts = bm.Variable(bm.zeros(total, dtype=bm.int32))
            made = layers(brainpy, task)
            self.ee, self.ei, self.ie, self.ii = (made[name] for name in ("ee", "ei", "ie", "ii"))
            self.ee.weight = bm.Variable(self.ee.weight)

        def update(self, step):
            ge, gi, idle = self.ge.value, self.gi.value, self.idle.value
            moved = rest + (self.v.value - rest) * keep_v + ge * from_e - gi * from_i
            v = bm.as_jax(bm.where(idle > 0, self.v.value, moved))
            fired = (v > threshold) & (idle <= 0)
            came = self.ring.value[step % late]
            self.ring[step % late] = fired
            excites, inhibits = came[:n], came[n:]
            new_e = bm.as_jax(bm.concatenate([self.ee(excites), self.ei(excites)]))
            new_i = bm.as_jax(bm.concatenate([self.ie(inhibits), self.ii(inhibits)]))
            self.ge.value, self.gi.value = ge * keep_e + new_e, gi * keep_i + new_i
            x, y = self.x.value * keep_x, self.y.value * keep_y
            self.ee.stdp_update(on_pre={"spike": excites, "trace": -a_minus * y}, w_min=0.0, w_max=w_max)
            x = x + excites
            self.ee.stdp_update(on_post={"spike": fired[:n], "trace": a_plus * x}, w_min=0.0, w_max=w_max)
            self.x.value, self.y.value = x, y + fired[:n]
            self.v.value = bm.as_jax(bm.where(fired, reset, v))
            self.idle.value = bm.as_jax(bm.where(fired, pause, bm.maximum(idle - 1, 0)))
            self.counts.value = self.counts.value + fired

    return Network()


def main() -> None:
    """Compile, start again and run once."""
    task = read_task()
    import brainpy
    import brainpy.math as bm

    base = peak()
    net = system(brainpy, task)
    first = {name: np.array(value.value) for name, value in net.vars().items()}
    steps = bm.arange(round(task.duration / float(task.dt)))
    loop = bm.jit(lambda: bm.for_loop(net.update, steps))
    loop()
    for name, value in net.vars().items():
        value.value = bm.asarray(first[name])
    watch = Stopwatch()
    loop()
    counts, w = np.asarray(net.counts.value), np.asarray(net.ee.weight.value)
    tell(brainpy.__version__, watch(), peak() - base, counts, w / task.w_max, task)


if __name__ == "__main__":
    main()
