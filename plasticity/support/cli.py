"""Command-line pieces that the packages share: exit status, messages and the parsing of values."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from plasticity.errors import DivergedError, FailedRunsError, InputError
from plasticity.support.catalog import take_paths, user_files
from plasticity.support.ending import prompt_end
from plasticity.support.packages import check_packages
from plasticity.support.temporary import remove_left

FIGURES = (".png", ".pdf", ".svg")
DIGITS = 15  # of whole numbers on the command line


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
        with prompt_end(), plain_warnings():
            check_packages()
            remove_left(Path(tempfile.gettempdir()))
            command(take_paths(list(sys.argv[1:] if argv is None else argv)))
            sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (DivergedError, FailedRunsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print("error: there is not enough memory for this; choose smaller numbers", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: {error.strerror}: what was to be printed or written is incomplete; make room", file=sys.stderr)
        return 1
    return 0


@contextmanager
def plain_warnings() -> Iterator[None]:
    r"""Print warnings to users as ``warning: …``, each once, without the line of code that raised them.

    Examples
    --------
    >>> with plain_warnings():
    ...     [warnings.formatwarning("late", UserWarning, "code.py", line) for line in (1, 2)]
    ['warning: late\n', '']
    """
    printed: set[str] = set()

    def line(message: Warning | str, category: type[Warning], *place: Any, **named: Any) -> str:
        if not issubclass(category, UserWarning):
            return usual(message, category, *place, **named)
        text = f"warning: {message}\n"
        new = text not in printed
        printed.add(text)
        return text if new else ""

    usual = warnings.formatwarning
    warnings.formatwarning = line  # type: ignore[assignment]
    try:
        yield
    finally:
        warnings.formatwarning = usual


def say(message: str) -> None:
    """Tell the user something about the progress, on standard error."""
    print(message, file=sys.stderr, flush=True)


class Parser(argparse.ArgumentParser):
    """Parser of a command line whose errors are those of all bad input; options are not abbreviated."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False} | named)

    def error(self, message: str) -> NoReturn:
        """Raise an `InputError`."""
        raise InputError(f"{message}; see `{self.prog} --help`")


def whole(low: int = 0) -> Callable[[str], int]:
    """Type of an option that is a whole number from `low` on."""

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS and int(text) >= low):
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to 1e{DIGITS}, got {text!r}")
        return int(text)

    return convert


def positive(text: str) -> float:
    """Type of an option that is a finite number above zero."""
    try:
        number = as_number(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a finite number > 0, got {text!r}")
    return number


def as_number(text: str) -> float:
    """Number that a text says in plain digits.

    Raises
    ------
    ValueError
        If it says none, or with underscores or digits of other scripts.

    Examples
    --------
    >>> as_number("1e-3")
    0.001
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"{text!r} is no number")
    return float(text)


def check_files(outputs: Mapping[str, str | Path | None], inputs: Iterable[str | Path | None] = ()) -> None:
    """Check before a long command that its files can be written and replace none of those that it reads.

    Parameters
    ----------
    outputs : mapping of str to path or None
        Files to be written, by the options that name them.
    inputs : iterable of path or None
        Files that the command reads, beside those of ``--path``.

    Raises
    ------
    InputError
        Naming the option.
    """
    from plasticity.dataset import check_writable

    taken = [(Path(path), "this command reads that file") for path in (*inputs, *user_files()) if path is not None]
    for option, path in outputs.items():
        if path is None:
            continue
        for other, reason in taken:
            if _is_same(Path(path), other):
                raise InputError(f"{option} {path}: {reason}; choose another path")
        check_writable(path)
        taken.append((Path(path), f"that is also the file of {option}"))


def check_figure(path: str | None) -> None:
    """Check that the file of a figure, if there is one, ends in a format of figures.

    Raises
    ------
    InputError
    """
    if path is not None and Path(path).suffix not in FIGURES:
        raise InputError(f"--figure must end in {', '.join(FIGURES)}, got {path!r}; add one of them")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, ValueError):  # one does not exist, or is no path
        return False


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
        return as_number(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return value
