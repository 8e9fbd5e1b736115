"""Phases of an experiment: what is presented, what learns and what is recorded, for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from circuits.network.stimulus import Stimulus
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel
from plasticity.support.checks import checked, require_number

Channels = FeedbackChannel | Sequence[FeedbackChannel] | Mapping[str, Any] | None


@checked
@dataclass(frozen=True, eq=False)
class Phase:
    """One phase of a run: the next one begins with the state in which this one ends.

    Parameters
    ----------
    duration : float
        [s].
    stimuli : Stimulus or mapping of str to spike trains or series, optional
        In place of those of the circuit, in times [s] since the beginning of the phase: a `Stimulus` of a rate circuit;
        in a spiking one, by population, a sequence with the spike times of every neuron, or a mapping of the names of
        its `series` to (values, step).
    plastic : bool or mapping of str to bool
        Whether the plastic projections learn, all or by name. In one that is frozen the weight stands still, with all
        states that a derived rule learned beside it; traces of spikes, eligibilities, delays and neurons go on.
    record : sequence of str, optional
        As in `circuits.run`, and by default what is recorded there.
    record_every : float, optional
        Interval of the records [s]; by default that of the run.
    feedback : FeedbackChannel, a sequence or a mapping of them, optional
        As in `circuits.run`, and by default that of the run.
    name : str
        For messages and for the record.

    Raises
    ------
    InputError
        If the duration is not above 0.

    Examples
    --------
    >>> from circuits import load, run
    >>> from plasticity.rules.oja import oja
    >>> circuit = load("recurrent_rate")(2, oja(), tau=0.02, patterns=[[1.0, 0.5]])
    >>> train, test = run(circuit, [Phase(0.5), Phase(0.1, plastic=False, name="test")])
    >>> bool((train.final["recurrent"] == test.final["recurrent"]).all()), test.phase
    (True, 'test')
    """

    duration: float
    stimuli: Any = None
    plastic: bool | Mapping[str, bool] = True
    record: Sequence[str] | None = None
    record_every: float | None = None
    feedback: Channels = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check the duration."""
        require_number("duration", self.duration, low=0, exclusive=True, unit="s")
        if self.stimuli is not None and not isinstance(self.stimuli, Stimulus | Mapping):
            raise InputError(f"stimuli must be a Stimulus or a mapping of populations to trains, got {self.stimuli!r}")
        kinds = FeedbackChannel | Sequence | Mapping | None
        if isinstance(self.feedback, str | bytes) or not isinstance(self.feedback, kinds):
            raise InputError(f"feedback must be a FeedbackChannel, or several, got {self.feedback!r}")

    def with_defaults(self, record: Sequence[str], record_every: float | None, feedback: Channels) -> Phase:
        """Phase that records and transmits as its run does where it does not say otherwise."""
        return replace(
            self,
            record=record if self.record is None else self.record,
            record_every=record_every if self.record_every is None else self.record_every,
            feedback=feedback if self.feedback is None else self.feedback,
        )
