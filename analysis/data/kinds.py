"""Kinds of measurements: what predicts them, their labels and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CHANGE", "KINDS", "REGRESSOR", "SOURCE_ATTRIBUTES", "Kind", "Label"]

SOURCE_ATTRIBUTES = ("data", "citation", "doi", "figure", "rights", "provenance")


@dataclass(frozen=True)
class Label:
    """A coordinate or variable of every protocol, beside ``value``, ``sem`` and ``n``.

    Parameters
    ----------
    name : str
        Name in the Dataset.
    column : str
        Name in a CSV file, with the unit.
    units : str
    long_name : str
    required : bool
        Whether every protocol must have it.
    low : float
        Smallest allowed number.
    exclusive : bool
        Whether `low` itself is excluded.
    is_text : bool
        Text instead of numbers.
    among : tuple of float
        Numbers of which it is one; empty: any.
    usual : (low, high)
        Where the median of its size is; beyond, a warning names the remedy.
    remedy : str
        What to do about another unit, which is probable there.
    """

    name: str
    column: str
    units: str
    long_name: str
    required: bool = True
    low: float = float("-inf")
    exclusive: bool = False
    is_text: bool = False
    among: tuple[float, ...] = ()
    usual: tuple[float, float] = (0.0, float("inf"))
    remedy: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of data.

    Parameters
    ----------
    name : str
        Value of the attribute ``kind``.
    predicted_by : str
        Input of a model that predicts the value, in words.
    units, long_name : str
        Of the value.
    column : str
        Name of the value in a CSV file; the one of its standard error begins with ``sem`` instead of ``value``.
    labels : tuple of Label
    noise : str
        Noise of a fit unless another is stated, see `analysis.fitting.noise`.
    counts : tuple of str
        Columns that stand in the place of value, standard error and n, such as the numbers k and n of successes.
    """

    name: str
    predicted_by: str
    units: str
    long_name: str
    column: str
    labels: tuple[Label, ...] = ()
    noise: str = "known"
    counts: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the measurement in a CSV file."""
        return self.counts or (self.column, self.sem_column, "n")

    @property
    def has_regressors(self) -> bool:
        """Whether columns ``x_NAME`` may state numbers for a model of one's own."""
        return bool(self.counts)

    @property
    def sem_column(self) -> str:
        """Name of the standard error in a CSV file."""
        return self.column.replace("value", "sem")

    @property
    def sd_column(self) -> str:
        """Name of the standard deviation that may take the place of the standard error; empty if it has another use."""
        name = self.column.replace("value", "sd")
        return "" if self.counts or name in (label.column for label in self.labels) else name


REGRESSOR = "x_"  # begins the name of a column with a number for a model of one's own
CHANGE = ("1", "fractional weight change", "value")  # unit, meaning and column of a value
_GROUP = Label("group", "group", "1", "group of protocols", required=False, is_text=True)
_OF = tuple(  # what a measurement is of, in any kind
    Label(name, name, "1", f"{name} of the measurement", required=False, is_text=True)
    for name in ("cell", "animal", "study")
)
_SESSION = Label("session", "session", "1", "session of the trial", required=False, is_text=True)
_STIMULUS = Label("stimulus", "stimulus", "1", "stimulus of the trial, a category", required=False, is_text=True)
_REWARD = Label("reward", "reward", "1", "reward of the choice")
_REWARDS = tuple(
    Label(f"reward_{c}", f"reward_{c}", "1", f"reward that choice {c} would have had", required=False) for c in (0, 1)
)
_FOLLOWED = Label(
    "followed",
    "followed",
    "1",
    "how long it was watched (empty: until the event)",
    required=False,
    low=0.0,
    exclusive=True,
)
_TIME_UNIT = Label("unit", "unit", "1", "unit of the time", required=False, is_text=True)
_UNIT = Label("unit", "unit", "1", "unit of the value", is_text=True)
_MILLISECONDS = "if it is in milliseconds, divide by 1000"
_INTERVAL = Label(
    "interval", "interval_s", "s", "t_post − t_pre", required=False, usual=(0.0, 1.0), remedy=_MILLISECONDS
)
_WEIGHT = Label("initial_weight", "initial_weight", "1", "weight before", required=False, low=0.0, exclusive=True)
_RATE = Label("frequency", "frequency_hz", "Hz", "pairing frequency", required=False)
_FREQUENCY = Label("frequency", "frequency_hz", "Hz", "stimulation frequency", low=0.0, exclusive=True)
_PLATEAU = Label(
    "time_from_plateau",
    "time_from_plateau_s",
    "s",
    "time of the input − time of the plateau",
    usual=(0.0, 60.0),
    remedy=_MILLISECONDS,
)
_RAMP = Label(
    "initial_ramp",
    "initial_ramp_mV",
    "mV",
    "depolarisation by the input before induction",
    low=0.0,
    usual=(0.05, float("inf")),
    remedy="if it is in volts, multiply by 1000",
)
_TURN = Label(
    "perturbation",
    "perturbation_deg",
    "deg",
    "perturbation of the movement; positive: to be countered",
    usual=(3.2, float("inf")),
    remedy="if it is in radians, multiply by 57.3",
)
_CLAMP = Label(
    "clamped",
    "clamped",
    "1",
    "0: the error is seen; 1: it is held at zero; 2: there is no feedback",
    among=(0.0, 1.0, 2.0),
)
_SPREAD = Label("sd_log", "sd_log10", "1", "standard deviation of log10 size", low=0.0, exclusive=True)
_SHARE = Label(
    "mixture_weight", "mixture_weight", "1", "share of the component in its mixture", low=0.0, exclusive=True
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("spikes", "spike times of the two neurons", *CHANGE, (_INTERVAL, _RATE, _WEIGHT, _GROUP, *_OF)),
            Kind("frequency", "frequency of the stimulation", *CHANGE, (_FREQUENCY, _GROUP, *_OF)),
            Kind(
                "plateau",
                "time of the input from a plateau potential, and the initial ramp",
                "mV",
                "change of the ramp of depolarisation",
                "value_mV",
                (_PLATEAU, _RAMP, _GROUP, *_OF),
            ),
            Kind(
                "trials",
                "perturbation on this and all earlier trials, in order",
                "deg",
                "change of the movement against the perturbation",
                "value_deg",
                (_TURN, _CLAMP, _GROUP, *_OF),
            ),
            Kind(
                "distribution",
                "stationary distribution of sizes",
                "1",
                "mean of log10 size, size in the coordinate unit",
                "value_log10",
                (_SPREAD, _SHARE, _UNIT, _GROUP, *_OF),
            ),
            Kind(
                "quantities",
                "a simulation of the experiment",
                "1",
                "measured quantity, in the coordinate unit",
                "value",
                (_UNIT, _GROUP, *_OF),
            ),
            Kind(
                "choices",
                "stimuli, and the choices and rewards on all earlier trials of the session",
                "1",
                "choice, 0 or 1",
                "choice",
                (_REWARD, _STIMULUS, _SESSION, *_REWARDS, _GROUP, *_OF),
                noise="binomial",
                counts=("choice",),
            ),
            Kind(
                "successes",
                "what differs between protocols, by a model of one's own",
                "1",
                "share of successes, k of n",
                "value",
                (_SESSION, _GROUP, *_OF),
                noise="binomial",
                counts=("k", "n"),
            ),
            Kind(
                "times",
                "what differs between protocols, by a model of one's own",
                "1",
                "time to an event such as a criterion, or as long as it was watched without, in the coordinate unit",
                "time",
                (_FOLLOWED, _TIME_UNIT, _SESSION, _GROUP, *_OF),
                noise="survival",
                counts=("time",),
            ),
        )
    }
)
