"""Markdown: the card of a rule as a page, with formulas in LaTeX."""

from __future__ import annotations

from plasticity.compile.file_head import words
from plasticity.pages.card import card
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def markdown(rule: Rule) -> dict[str, str]:
    """Text of a Markdown page with the card of a rule (`plasticity.pages.card`), by file name.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> markdown(gradient_descent())["gradient_descent.md"].splitlines()[0]
    '# Gradient descent'
    """
    return {f"{words(rule)}.md": card(rule, "markdown")}
