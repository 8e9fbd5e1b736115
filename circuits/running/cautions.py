"""What a run says on standard error when it did, or will do, something other than what its user may think."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from plasticity.support.cli import say

GRADIENTS = {"post_error", "learning_signal", "loss_difference"}  # what rules that descend a loss read of it
GROWTH = 2.0  # of the loss of a run, beyond what patterns and noise explain
DIVERGED = 1e3  # times the largest weight at the start, or 1


def warn_no_updates(circuit: Circuit, start: float, end: float) -> None:
    """Warn of rules that change nothing between two times."""
    for name, rule in circuit.rules.items():
        step = rule.clock_dt if "clock" in rule.events else None
        if step is not None and int(end / step - 1e-6) == int(start / step - 1e-6):
            say(
                f"rule {rule.name!r} of {name!r} updates every {step:g} s but the run lasts {end - start:g} s, "
                "so no update happens; choose a smaller clock_step or a longer duration"
            )


def warn_of_outcome(runs: Sequence[Run], learning: Sequence[frozenset[str]]) -> None:
    """Warn of weights that did not change or diverge, and of a loss that rose by much while a rule was to lower it.

    Parameters
    ----------
    runs : sequence of Run
        One after the other.
    learning : sequence of frozenset of str
        Plastic projections that were not frozen, for every run.
    """
    for name, rule in runs[0].circuit.rules.items():
        those = [run for run, names in zip(runs, learning, strict=True) if name in names]
        if those and all(np.array_equal(run.final[name], _spread(run, name)) for run in those):
            say(f"no weight of {name!r} changed, although rule {rule.name!r} was to learn{_silence(those, name)}")
        if those:
            _warn_of_divergence(those, name)
        if GRADIENTS & {symbol.name for symbol in rule.inputs}:
            for run in those:
                _warn_of_loss(run, name)


def _spread(run: Run, name: str) -> np.ndarray:
    return np.broadcast_to(run.initial[name], run.final[name].shape)


def _silence(runs: Sequence[Run], name: str) -> str:
    """Which of the two populations never fired, if one did not."""
    projection = runs[0].circuit.projection(name)
    silent = [
        f"{end!r}"
        for end in dict.fromkeys((projection.pre, projection.post))
        if end in runs[0].counts and not any(np.any(run.counts[end]) for run in runs)
    ]
    return f": {' and '.join(silent)} did not fire; give more input, larger weights or a longer run" if silent else ""


def _warn_of_divergence(runs: Sequence[Run], name: str) -> None:
    """Warn of weights that have left the scale on which they began."""
    scale, largest = (float(np.abs(w).max(initial=0)) for w in (runs[0].initial[name], runs[-1].final[name]))
    if largest > DIVERGED * max(1.0, scale):
        say(
            f"weights of {name!r} grew from at most {scale:.3g} to {largest:.3g}: the learner diverges; use a smaller "
            "learning rate, or bounds"
        )


def _warn_of_loss(run: Run, name: str) -> None:
    """Warn of a recorded loss that ended above `GROWTH` times what it was in the first interval."""
    if run.loss.ndim != 2 or run.loss.shape[1] < 3:
        return
    early, late = run.loss[:, 1], run.loss[:, -1]
    if np.any(grew := late > GROWTH * early):
        b = int(np.argmax(grew))
        say(
            f"the loss rose from {early[b]:.3g} to {late[b]:.3g} Hz² (member {b}) while {name!r} learned: its steps "
            "are too large, or its errors too late; use a smaller learning rate or a shorter delay"
        )
