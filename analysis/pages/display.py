"""How fits and comparisons look in a notebook: short Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plasticity.pages.display import numbers, table
from plasticity.pages.markdown import markdown

if TYPE_CHECKING:
    from analysis.compare import Comparison
    from analysis.fit import Fit


def fitted(fit: Fit) -> str:
    """Free parameters with standard errors, scores and warnings."""
    units = {p.name: p.unit for p in fit.rule.parameters}
    rows = [
        (f"`{name}`", numbers(fit.parameters[name]), numbers(fit.standard_errors[name]), units[name])
        for name in fit.free
    ]
    head = f"**{markdown(fit.rule.title)}** fitted to {markdown(fit.data.attrs['data'])}"
    scores = f"E = {fit.error:.3f}, AIC = {fit.aic:.2f}, {fit.n_protocols} protocols, {len(fit.free)} free parameters"
    warnings = [f"- {markdown(warning)}" for warning in fit.warnings]
    return "\n\n".join([head, table(("parameter", "value", "standard error", "unit"), rows), scores, *warnings])


def comparison(compared: Comparison) -> str:
    """Table of scores, best first, and warnings."""
    from analysis.compare import COLUMNS, rows

    warnings = [f"- {markdown(f'{score.label}: {w}')}" for score in compared.scores for w in score.warnings]
    return "\n\n".join([table(COLUMNS, rows(compared)), *warnings])
