"""What all exported files have in common: names of the rule in code, and the text at the top of a Python file."""

from __future__ import annotations

import re
import textwrap
from importlib.metadata import version

from plasticity.rule import Rule

SECTIONS = ("Assumptions", "Rule", "Limitations", "References")  # of the card of a rule, at the top of a file
_WIDTH = 116


def words(rule: Rule) -> str:
    """Name of a rule as a name in code, in small letters.

    Examples
    --------
    >>> from plasticity.rules.multi_step import multi_step
    >>> words(multi_step()), class_name(multi_step())
    ('multi_step', 'MultiStep')
    """
    name = re.sub(r"\W+", "_", rule.name).strip("_").lower()
    return name if name.isidentifier() else f"rule_{name}"


def class_name(rule: Rule) -> str:
    """Name of a rule as the name of a class."""
    return "".join(word.capitalize() for word in words(rule).split("_"))


def docstring(rule: Rule, what: str, card: list[str], use: list[str], notes: str) -> str:
    """Docstring of a file: what it is, lines of the card of the rule, how the file is used, notes.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> docstring(gradient_descent(), "a program", [], ["run it"], "Times are in s.").splitlines()[0]
    '\"\"\"Gradient descent: a program.'
    """
    about = [_wrapped(line) for line in card]
    text = [f"{rule.title}: {what}.", "", *about, "", "Use", "---", *use, ""]
    written = f"Written by steersman {version('steersman')} from the equations above, which it simulates as well."
    text += textwrap.wrap(f"{written} {notes} References are keys of the bibliography of steersman.", _WIDTH)
    quoted = "\n".join(text).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{quoted}\n"""'


def _wrapped(line: str) -> str:
    deeper = " " * (len(line) - len(line.lstrip(" *")) + 2)
    return "\n".join(textwrap.wrap(line, _WIDTH, subsequent_indent=deeper, break_long_words=False)) or line
