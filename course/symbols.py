"""Table of the symbols of a lesson, from the one glossary of the program."""

from __future__ import annotations

from keyword import iskeyword

from plasticity.errors import UnknownNameError
from plasticity.glossary import glossary


def symbol_table(*names: str) -> str:
    """Markdown table of terms: symbol, what to type, unit, meaning.

    Parameters
    ----------
    *names : str
        Names in code.

    Raises
    ------
    UnknownNameError
        If the glossary lacks one.

    Examples
    --------
    >>> print(symbol_table("discount").splitlines()[-1])
    | γ | `gamma` | Hz | Rate of temporal discounting; 1/γ is the planning horizon. |
    """
    lines = ["| symbol | type | unit | meaning |", "|:---|:---|:---|:---|"]
    for name in names:
        if name not in glossary():
            raise UnknownNameError("term", name, glossary())
        term = glossary()[name]
        short = term.latex.lstrip("\\")
        typed = next(text for text in (short, term.symbol, name) if _can_be_typed(text))
        lines.append(f"| {term.symbol} | `{typed}` | {term.unit} | {term.meaning} |")
    return "\n".join(lines)


def _can_be_typed(text: str) -> bool:
    return text.isidentifier() and text.isascii() and not iskeyword(text)
