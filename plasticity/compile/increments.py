"""Assignments that add to their target, written as increments."""

from __future__ import annotations

import re

import numpy as np


def statements(text: str) -> list[str]:
    r"""Statements of a text, increments as such.

    Examples
    --------
    >>> statements("w = -a*x + w\ny = y + 1\nz = 1")
    ['w -= a*x', 'y += 1', 'z = 1']
    """
    return [_increment(line) for line in text.splitlines()]


def _increment(line: str) -> str:
    target, _, value = line.partition(" = ")
    if match := re.fullmatch(rf"{target} ([+-]) (.+)", value):
        sign, change = match.groups()
    elif value.endswith(f" + {target}"):
        change = value.removesuffix(f" + {target}")
        sign, change = ("-", change[1:]) if change.startswith("-") else ("+", change)
    else:
        return line
    return line if sign == "-" and _is_sum(change) else f"{target} {sign}= {change}"


def _is_sum(text: str) -> bool:
    """Whether terms are added outside of all brackets."""
    depths = np.cumsum([(letter == "(") - (letter == ")") for letter in text])
    return any(depths[match.start()] == 0 for match in re.finditer(r" [+-] ", text))
