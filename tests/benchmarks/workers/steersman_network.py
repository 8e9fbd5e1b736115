"""The network in this project's spiking engine; CPU seconds of the binary."""

from worker import ChildPeak, children_cpu, peak, read_task, tell


def main() -> None:
    """Run once."""
    task = read_task()
    import importlib.metadata

    import numpy as np
    from network import circuit

    import circuits

    made = circuit(int(task.n_excitatory + task.n_inhibitory))
    before, base = children_cpu(), peak()
    with ChildPeak() as child:
        result = circuits.run(made, task.duration, float(task.dt), device="cpp")
    seconds = children_cpu() - before
    counts = np.concatenate([result.counts["excitatory"], result.counts["inhibitory"]])
    w = result.final["ee"] / task.w_max
    tell(importlib.metadata.version("steersman"), seconds, child.bytes + peak() - base, counts, w, task)


if __name__ == "__main__":
    main()
