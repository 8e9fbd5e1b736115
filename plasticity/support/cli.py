"""Command-line pieces that the packages share: exit status, messages and the parsing of values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from plasticity.errors import DivergedError, FailedRunsError, InputError
from plasticity.support.catalog import take_paths


def exit_status(command: Callable[[list[str]], None], argv: Sequence[str] | None = None) -> int:
    """Run `command` and turn what the user can mend into a message and an exit status.

    The option ``--path FILE.py`` may stand anywhere: it adds a user's rule, signal, circuit, scenario or data set.

    Returns
    -------
    int
        0 for success; 2 for bad input, with ``error: …`` on standard error; 1 for a run that diverged, or runs of a
        sweep that failed; 130 for an interrupt. Any other exception is a defect and keeps its traceback.

    Examples
    --------
    >>> exit_status(lambda argv: None, [])
    0
    """
    try:
        command(take_paths(list(sys.argv[1:] if argv is None else argv)))
        sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (DivergedError, FailedRunsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def say(message: str) -> None:
    """Tell the user something about the progress, on standard error."""
    print(message, file=sys.stderr, flush=True)


def key_and_value(setting: str, option: str) -> tuple[str, str]:
    """Split KEY=VALUE, the argument of `option`.

    Raises
    ------
    InputError
        If the equals sign or the key is missing.

    Examples
    --------
    >>> key_and_value("discount=0.1", "--set")
    ('discount', '0.1')
    """
    key, equals, value = setting.partition("=")
    if not equals or not key:
        raise InputError(f"{option} takes KEY=VALUE, got {setting!r}")
    return key, value


def number_or_text(value: Any) -> Any:
    """Return a float where the text is a number, else the value itself.

    Examples
    --------
    >>> number_or_text("2"), number_or_text("all")
    (2.0, 'all')
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
