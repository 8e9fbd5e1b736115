"""What Brian2 says about the equations of a user, as an `InputError` that names the part of the circuit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from brian2.core.base import BrianObjectException
from brian2.equations.equations import EquationError
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.units.fundamentalunits import DimensionMismatchError

from plasticity.errors import InputError, UnknownNameError

# What Brian2 raises where equations are wrong, and where it meets names and statements that it does not know.
REFUSALS = (
    EquationError,
    DimensionMismatchError,
    UnsupportedEquationsException,
    SyntaxError,
    KeyError,
    ValueError,
    TypeError,
    NotImplementedError,
)
PARTS = {
    "spike_thresholder": "threshold",
    "spike_resetter": "reset",
    "stateupdater": "integration method",
    "step": "every_step",
    "tick": "statements at the clock of the rule",
    "pre": "receptor or rule, at presynaptic spikes",
    "pre_delayed": "rule, after presynaptic spikes",
    "post": "rule, at postsynaptic spikes",
    "relay_pre": "on_prescribed_spike",
}
NAMED = re.compile(r"object named '(\w+)'")


@contextmanager
def explained(owners: Iterable[str], made: str = "") -> Iterator[None]:
    """Turn what Brian2 raises about equations into an `InputError` with its reason.

    Parameters
    ----------
    owners : iterable of str
        Names of populations, projections and other objects; parts of them have longer names.
    made : str
        Object that the body makes; by default the one that Brian2 names in its message.
    """
    try:
        yield
    except BrianObjectException as error:
        named, reason = NAMED.search(str(error)), error.__cause__
        if named is None or not isinstance(reason, REFUSALS):
            raise
        raise _refusal(named[1], owners, reason) from error
    except REFUSALS as error:
        if not made or isinstance(error, InputError | UnknownNameError):
            raise
        raise _refusal(made, owners, error) from error


def _refusal(name: str, owners: Iterable[str], reason: BaseException) -> InputError:
    """Error about an object such as ``"cells_spike_resetter"``."""
    owner = max((o for o in owners if name == o or name.startswith(f"{o}_")), key=len, default=name)
    part = PARTS.get(name.removeprefix(f"{owner}_"), "equations")
    text = " ".join(str(reason.args[0] if reason.args else reason).split()).rstrip(".")
    if isinstance(reason, KeyError) and " " not in text:
        text = f"{text!r} is no variable"
    if isinstance(reason, UnsupportedEquationsException):
        return InputError(f"{part} of {owner!r}: {text}; choose another method, such as method='euler'")
    return InputError(f"{part} of {owner!r}: {text}; correct its model, where every name and unit must be declared")
