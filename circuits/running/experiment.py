"""Phases and trials of a run, one after the other, each from the state in which the one before ended."""

from __future__ import annotations

import time
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
from plasticity.support.cli import say

AfterPhase = Callable[[Run], RunState | None]
PATIENCE = 5.0  # s without a message about the progress


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
    after_phase : function of Run, optional
        As in `circuits.run`.
    """

    circuit: Circuit
    phases: tuple[Phase, ...]
    grid: Grid
    n_tracked: int
    tracked: Tracked
    engine: Callable[[Prepared, RunState | None], Run]
    after_phase: AfterPhase | None = None

    def run(self, trials: int, carry: bool, start: RunState | None) -> tuple[tuple[Run, ...], bool]:
        """Records of all phases of all trials, and whether they follow from the arguments alone.

        Raises
        ------
        DivergedError
            Naming the phase, if there are several.
        """
        runs: list[Run] = []
        is_repeatable = True
        progress = Progress(trials * len(self.phases))
        for trial in range(trials):
            state = runs[-1].state if carry and runs else start
            if not carry and trial and state is not None:
                state = state.without_counters()
            for k, phase in enumerate(self.phases):
                run = self._run(k, phase, trial, carry, state)
                state = self._state_after(run)
                is_repeatable &= state is run.state
                runs.append(replace(run, state=state))
                progress.show(len(runs), self._name(k), trial)
        return tuple(runs), is_repeatable

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
            raise DivergedError(error.variable, error.time, error.remedy, f"{self._name(k)}, trial {trial}") from None
        own = {p.name: p.weight for p in self.circuit.projections}
        start = own if state is None else {name: state[f"{name}.w"] for name in run.final}
        end = None if run.state is None else replace(run.state, seed=grid.seed)
        initial = {name: start[name] for name in run.final}
        return replace(run, phase=phase.name, trial=trial, initial=initial, state=end)

    def _state_after(self, run: Run) -> RunState | None:
        """State with which the next phase begins."""
        state = None if self.after_phase is None else self.after_phase(run)
        if not isinstance(state, RunState | None):
            raise InputError(f"after_phase must return None or a RunState, such as run.state, got {state!r}")
        return run.state if state is None else state

    def _name(self, k: int) -> str:
        name = self.phases[k].name
        return f"phase {k}{name and f' ({name})'}"


class Progress:
    """Messages about how many phases have been run; none while they take little time."""

    def __init__(self, n_runs: int) -> None:
        self.n_runs = n_runs
        self.started = self.shown = time.monotonic()

    def show(self, n_done: int, name: str, trial: int) -> None:
        """Report the last phase, and when the rest will have been run if it goes on like this."""
        now = time.monotonic()
        if n_done == self.n_runs or now - self.shown < PATIENCE:
            return
        self.shown = now
        rest = (now - self.started) / n_done * (self.n_runs - n_done)
        say(f"{name}, trial {trial}: {n_done} of {self.n_runs} phases run, about {rest:.0f} s to go")


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
