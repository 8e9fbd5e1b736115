"""Phases and trials of a run, one after the other, each from the state in which the one before ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from os import PathLike

from circuits.network.circuit import Circuit
from circuits.network.phase import Phase
from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.running.grid import Grid, steps_in
from circuits.running.prepare import Prepared, prepared
from circuits.running.recording import Tracked
from plasticity.errors import DivergedError, InputError
from plasticity.support.checks import require_whole


@dataclass(frozen=True, eq=False)
class Experiment:
    """Phases of a circuit within its limits, and how they run.

    Parameters
    ----------
    circuit : Circuit
    phases : tuple of Phase
    grid : Grid
        With the duration of one trial.
    n_tracked, tracked
        As in `circuits.run`.
    engine : function of (Prepared, RunState or None)
        Runs one phase.
    """

    circuit: Circuit
    phases: tuple[Phase, ...]
    grid: Grid
    n_tracked: int
    tracked: Tracked
    engine: Callable[[Prepared, RunState | None], Run]

    def run(self, trials: int, carry: bool, start: RunState | None) -> tuple[Run, ...]:
        """Records of all phases of all trials.

        Raises
        ------
        DivergedError
            Naming the phase, if there are several.
        """
        runs: list[Run] = []
        for trial in range(trials):
            state = runs[-1].state if carry and runs else start
            if not carry and trial and state is not None:
                state = state.without_counters()
            for k, phase in enumerate(self.phases):
                runs.append(self._run(k, phase, trial, carry, state))
                state = runs[-1].state
        return tuple(runs)

    def _run(self, k: int, phase: Phase, trial: int, carry: bool, state: RunState | None) -> Run:
        first = 0 if state is None else state.step
        steps, dt = steps_in("duration", phase.duration, self.grid.dt), self.grid.dt
        shown = 0 if phase.stimuli is None else first
        streams = 0 if carry else trial  # what is carried goes on with its random numbers
        grid = replace(self.grid, duration=steps * dt, trial=streams, first=first, shown=shown)
        try:
            run = self.engine(prepared(self.circuit, phase, grid, self.n_tracked, self.tracked), state)
        except DivergedError as error:
            if len(self.phases) == 1:
                raise
            named = f"phase {k}{phase.name and f' ({phase.name})'}"
            raise DivergedError(error.variable, error.time, error.remedy, f"{named}, trial {trial}") from None
        own = {p.name: p.weight for p in self.circuit.projections}
        start = own if state is None else {name: state[f"{name}.w"] for name in run.final}
        return replace(run, phase=phase.name, trial=trial, initial={name: start[name] for name in run.final})


def check_experiment(
    phases: Sequence[Phase], dt: float, trials: int, record_weights: str | PathLike | None, start: RunState | None
) -> None:
    """Refuse what does not fit together.

    Raises
    ------
    InputError
    """
    if not phases:
        raise InputError("duration is an empty sequence; give a duration [s], or at least one Phase")
    n_runs = len(phases) * require_whole("trials", trials, low=1)
    if n_runs > 1 and record_weights is not None:
        raise InputError(
            f"record_weights is {str(record_weights)!r} for {n_runs} phases; run them one by one, each with a file and "
            "with start=run.state of the one before"
        )
    if start is not None and start.dt != dt:
        raise InputError(f"start is the state of a run with dt = {start.dt:g} s, got dt = {dt:g} s; use the same")
