"""Glossary: the terms of the theory with their symbols, names in code, units and meanings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Term:
    """A term of the theory.

    Parameters
    ----------
    name : str
        Name in code.
    symbol, latex : str
        Symbol as plain text and in LaTeX; empty if there is none.
    unit : str
        Product of powers of ``s`` and ``Hz``, and ``loss``.
    meaning : str
        One sentence.
    """

    name: str
    symbol: str
    unit: str
    meaning: str
    latex: str = ""


@cache
def glossary() -> Mapping[str, Term]:
    """All terms by their name in code.

    Examples
    --------
    >>> glossary()["discount"].symbol, glossary()["discount"].unit
    ('γ', 'Hz')
    """
    return MappingProxyType({name: Term(name, **entry) for name, entry in _file()["terms"].items()})


def glossary_page() -> str:
    """Markdown table of all terms, which is the page ``docs/glossary.md``."""
    lines = ["# Glossary", "", "Made by `python -m plasticity glossary` from `plasticity/glossary.toml`.", ""]
    lines += ["| symbol | name in code | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| {t.symbol} | `{t.name}` | {t.unit} | {t.meaning.replace('|', '∣')} |" for t in glossary().values()]
    return "\n".join(lines) + "\n"


@cache
def notation() -> Mapping[str, str]:
    """LaTeX symbols by the names in code: those of the glossary, and of other names in equations."""
    terms = {term.name: term.latex for term in glossary().values() if term.latex}
    return MappingProxyType(terms | _file()["notation"])


@cache
def _file() -> dict:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
