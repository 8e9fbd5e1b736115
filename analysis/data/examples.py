"""What a file of measurements can state: kinds, columns, and an example of each that loads."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.data.columns import THIRD_TRAIN, optional_columns, required_columns
from analysis.data.folder import CONVENTIONS, FILES, SUCCESSES, THIRD_CHANNELS
from analysis.data.kinds import KINDS, REGRESSOR
from analysis.data.pairings import SHORT
from plasticity.errors import UnknownNameError
from plasticity.support.checks import checked

__all__ = ["describe", "example"]

ROWS: Mapping[str, tuple[str, ...]] = {  # made-up numbers, in the order of the required columns and `FURTHER`
    "spikes": ("pre_first,0 0.1 0.2,0.01 0.11 0.21,0.35,0.1,6", "post_first,0.01 0.11 0.21,0 0.1 0.2,-0.2,0.08,7"),
    "frequency": ("slow,1,-0.1,0.03,8", "fast,100,0.25,0.06,8"),
    "plateau": ("one_second_before,-1,0,5.2,0.6,12", "two_seconds_after,2,4.5,-0.8,0.5,10"),
    "trials": ("trial_1,0,0,0.2,1.1,16", "trial_2,30,0,3.9,1.2,16", "trial_3,0,1,7.5,1.4,15"),
    "distribution": ("spines,0.24,1,µm³,-1.4,0.02,1960",),
    "quantities": ("turnover_per_day,%,20.4,2.6,14",),
    "choices": ("1,1,tone,day 1,1,0", "0,0,light,day 1,1,0", "0,0,tone,day 2,0,1", "1,1,light,day 2,0,1"),
    "successes": ("weak,12,40,0.1", "strong,33,40,0.4"),
    "times": ("mouse_1,9,60,0.1", "mouse_2,60,60,0.1", "mouse_3,4,60,0.4", "mouse_4,7,60,0.4"),
}
FURTHER = {  # optional columns that they have, too
    "choices": ("stimulus", "session", "reward_0", "reward_1"),
    "successes": ("x_contrast",),
    "times": ("followed", "x_contrast"),
}
SPIKES = (
    f"  and:      {THIRD_TRAIN}; in place of spike times {', '.join(SHORT)} (and n_bursts, burst_every_s for bursts)",
    f"  or a folder of {', '.join(f'{name} ({chr(44).join(columns)}, …)' for name, columns in FILES.items())}:",
    f"            channels pre, post, {', '.join(THIRD_CHANNELS)}; observables {', '.join(CONVENTIONS)}",
    f"            for a model of your own: channels {REGRESSOR}NAME, and any observable with a column unit",
)
FITTED = (
    "A rule or model of `python -m analysis list`, or FILE.py with your own (docs/data.md), fits any of them:\n"
    "python -m analysis fit RULE|FILE.py --data FILE.csv|FOLDER --free P,Q --bounds P=LOW:HIGH Q=LOW:HIGH"
)
COUNTS = f"  or a folder of protocols.csv and observations.csv, with the observable {SUCCESSES} and the columns k, n"


@checked
def example(kind: str) -> str:
    r"""Text of a file of one kind that `analysis.datasets.load` reads; its numbers are made up.

    Raises
    ------
    UnknownNameError
        If there is no such kind.

    Examples
    --------
    >>> print(example("frequency"))
    protocol,frequency_hz,value,sem,n
    slow,1,-0.1,0.03,8
    fast,100,0.25,0.06,8
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of data", kind, KINDS)
    header = (*required_columns(KINDS[kind]), *FURTHER.get(kind, ()))
    return "\n".join((",".join(header), *ROWS[kind]))


def describe() -> str:
    """What can be stated, kind by kind: value, model input, required and optional columns, and an example."""
    blocks = []
    for kind in KINDS.values():
        optional = [*optional_columns(kind), *([f"{REGRESSOR}NAME (any number)"] if kind.has_regressors else [])]
        value = f"{kind.long_name}{'' if kind.units == '1' else f' [{kind.units}]'}"
        spread = f", or {kind.sd_column} in place of {kind.sem_column}" if kind.sd_column else ""
        lines = (
            f"{kind.name}: {value}, predicted from {kind.predicted_by}",
            f"  columns:  {', '.join(required_columns(kind))}{spread}",
            f"  optional: {', '.join(optional)}",
            *(f"  | {line}" for line in example(kind.name).splitlines()),
        )
        further = {"spikes": SPIKES, "successes": (COUNTS,)}.get(kind.name, ())
        blocks.append("\n".join((*lines, *further)))
    return "\n\n".join([*blocks, FITTED])
