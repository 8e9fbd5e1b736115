"""Rule card: a rule on one page, as Markdown with LaTeX, LaTeX, or plain text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from plasticity.errors import InputError, UnknownNameError
from plasticity.glossary import glossary
from plasticity.limits import change, in_discount
from plasticity.pages.markdown import markdown
from plasticity.pages.notation import latex, plain, symbol_name
from plasticity.pages.report import summary
from plasticity.rule import CURVATURE, GRADIENT, Parameter, Rule, Step, free_symbols
from plasticity.theory.symbols import DISCOUNT, DURATION

_SUFFIX = re.compile(r"_?\d+$")
FORMATS = ("markdown", "latex", "text")
_EVENTS = {
    "clock": "clock tick",
    "third_factor": "third factor",
    "pre_delayed": "pre spike, pre_delay later",
}
_INPUTS = {GRADIENT: "gradient of the loss by the weight", CURVATURE: "curvature of the loss by the weight"}


@dataclass(frozen=True)
class Section:
    """Part of a card: lines of text, equations (with a title and a note), and rows of a table under a header."""

    title: str
    lines: tuple[str, ...] = ()
    equations: tuple[Step, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()  # the first cell is a name in code
    header: tuple[str, ...] = ()
    numbered: bool = False


def card(rule: Rule, format: str = "markdown") -> str:
    """Describe `rule` on one page: assumptions, derivation, equations, named limits, parameters, limitations.

    Parameters
    ----------
    rule : Rule
        Derived or written by hand.
    format : {"markdown", "latex", "text"}
        Markdown with LaTeX formulas, a LaTeX fragment, or text with the names of the code.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> print(card(gradient_descent()).splitlines()[0])
    # Gradient descent
    """
    return page(rule.title, sections(rule), format)


def folded_card(rule: Rule) -> str:
    """Card in Markdown whose derivation opens at a click, for notebooks."""
    before, title, after = card(rule).partition("\n## Derivation\n")
    if not title:
        return before
    derivation, _, rest = after.partition("\n## ")
    summary = f"<details><summary>Derivation, {len(rule.steps)} steps</summary>"
    return f"{before}\n{summary}\n{derivation}\n</details>\n\n## {rest}"


def extract(rule: Rule, titles: Collection[str]) -> list[str]:
    """Lines of text of some sections of the card.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> extract(gradient_descent(), ["References"])
    ['References', '----------', '* vastola_2025']
    """
    return _text("", [part for part in sections(rule) if part.title in titles]).splitlines()[3:]


def page(title: str, parts: list[Section], format: str = "markdown") -> str:
    """Write sections as Markdown, LaTeX or text."""
    render = {"markdown": _markdown, "latex": _latex, "text": _text}
    if format not in render:
        raise UnknownNameError("format", format, FORMATS)
    return render[format](title, parts)


def sections(rule: Rule) -> list[Section]:
    """Contents of the card, those that are not empty."""
    bounds = () if rule.bounds is None else (f"The weight is clipped to [{rule.bounds[0]:g}, {rule.bounds[1]:g}].",)
    limits = _limits(rule)
    flows = _equations(rule)
    equations = [step.equation for step in (*rule.steps, *flows, *limits) if not isinstance(step.equation, str)]
    parts = [
        Section("Assumptions", rule.assumptions),
        Section("Derivation", equations=rule.steps, numbered=True),
        Section("Rule", bounds, flows),
        Section("Limits", equations=limits),
        Section("Inputs", tuple(f"{s.name}: {_meaning(rule, s)}" for s in rule.inputs)),
        Section("Cost per synapse", tuple(f"{name}: {text}" for name, text in summary(rule).items())),
        Section("Parameters", rows=_parameters(rule), header=("name", "symbol", "value", "unit", "meaning")),
        Section("Symbols", rows=_symbols(rule, equations), header=("name", "symbol", "unit", "meaning")),
        Section("Limitations", rule.cautions),
        Section("References", rule.references),
    ]
    return [s for s in parts if s.lines or s.equations or s.rows]


def _equations(rule: Rule) -> tuple[Step, ...]:
    """Flows between events and assignments at events."""
    flows = (
        [] if rule.weight_flow == 0 else [Step("Weight", sp.Eq(sp.Symbol("dw/dt"), rule.weight_flow, evaluate=False))]
    )
    for state in rule.states:
        if state.flow != 0:
            note = state.meaning if not state.initial else f"{state.meaning}; at the start {state.initial:g}"
            flows.append(
                Step(f"State {state.name}", sp.Eq(sp.Symbol(f"d_{state.name}/dt"), state.flow, evaluate=False), note)
            )
    for event, updates in rule.events.items():
        where = _EVENTS.get(event, f"{event} spike")
        for i, update in enumerate(updates):
            assignment = Assignment(sp.Symbol(update.target), update.expression)
            flows.append(Step(f"At a {where}, {i + 1}", assignment))
    return tuple(flows)


class Assignment(sp.Basic):
    """``target ← expression``, for printing only."""

    def _latex(self, printer: Any) -> str:
        return rf"{printer._print(self.args[0])} \leftarrow {printer._print(self.args[1])}"

    def _sympystr(self, printer: Any) -> str:
        return f"{printer._print(self.args[0])} <- {printer._print(self.args[1])}"


def _limits(rule: Rule) -> tuple[Step, ...]:
    """Limits of a derived rule in its horizon and in the time between observations."""
    used = free_symbols(rule)
    limits: list[tuple[str, dict]] = []
    if DISCOUNT.symbol in free_symbols(in_discount(rule)):
        limits += [
            ("Short horizon, discount → ∞", {"discount": sp.oo}),
            ("Long horizon, discount → 0", {"discount": 0}),
        ]
    if DURATION.symbol in used:
        limits.append(("Long time between observations, duration → ∞", {"duration": sp.oo}))
    steps = []
    for title, at in limits:
        try:
            taken = rule.limit(**at)
        except InputError as error:
            steps.append(Step(title, f"no finite limit: {error}"))
        else:
            note = "at fixed learning rate" if at.get("discount") == sp.oo else ""
            steps.append(Step(title, change(taken), note))
    return tuple(steps)


def _meaning(rule: Rule, symbol: sp.Symbol) -> str:
    if symbol in _INPUTS:
        return _INPUTS[symbol]
    variable = rule.locals[symbol.name]
    return f"{variable.meaning} [{variable.unit}]"


def _parameters(rule: Rule) -> tuple[tuple[str, ...], ...]:
    return tuple((p.name, symbol_name(p.name), _value(p), p.unit, p.meaning) for p in rule.parameters)


def _symbols(rule: Rule, equations: list[Any]) -> tuple[tuple[str, ...], ...]:
    """Glossary entries of the symbols in `equations` that are described nowhere else on the card."""
    described = {p.name for p in rule.parameters} | {s.name for s in rule.states}
    used = {symbol.name for e in equations for symbol in sp.sympify(e, strict=True).free_symbols} - described
    names = sorted(used, key=lambda name: (_SUFFIX.sub("", name), name))
    terms = [(name, glossary().get(name) or glossary().get(_SUFFIX.sub("", name))) for name in names]
    return tuple((name, symbol_name(name), term.unit, term.meaning) for name, term in terms if term)


def _value(parameter: Parameter) -> str:
    if parameter.value is None:
        return "symbolic"
    if np.ndim(parameter.value):
        return f"{np.size(parameter.value)} values, {np.min(parameter.value):g} to {np.max(parameter.value):g}"
    return f"{parameter.value:g}"


def _references(section: Section) -> tuple[str, ...]:
    keys = section.title == "References"
    return tuple(f"`{line}`" if keys and line.isidentifier() else markdown(line) for line in section.lines)


def _markdown(title: str, parts: list[Section]) -> str:
    text = [f"# {markdown(title)}"]
    for part in parts:
        text += ["", f"## {part.title}", ""]
        text += [f"- {line}" for line in _references(part)]
        for i, step in enumerate(part.equations, 1):
            head = f"{i}. " if part.numbered else ""
            note = f" ({markdown(step.note)})" if step.note else ""
            formula = markdown(step.equation) if isinstance(step.equation, str) else f"$$ {latex(step.equation)} $$"
            text += [f"{head}**{markdown(step.title)}**{note}", "", formula, ""]
        if part.rows:
            text += [f"| {' | '.join(part.header)} |", f"|{'---|' * len(part.header)}"]
            rows = ((name, symbol, map(markdown, rest)) for name, symbol, *rest in part.rows)
            text += [f"| `{name}` | ${symbol}$ | {' | '.join(rest)} |" for name, symbol, rest in rows]
    return "\n".join(text).rstrip() + "\n"


def _latex(title: str, parts: list[Section]) -> str:
    text = [rf"\section*{{{_escaped(title)}}}"]
    for part in parts:
        text += ["", rf"\subsection*{{{part.title}}}"]
        if part.lines:
            text += [r"\begin{itemize}", *(rf"  \item {_escaped(line)}" for line in part.lines), r"\end{itemize}"]
        for step in part.equations:
            note = f" ({step.note})" if step.note else ""
            formula = _escaped(step.equation) if isinstance(step.equation, str) else rf"\[ {latex(step.equation)} \]"
            text += [rf"\paragraph{{{_escaped(step.title)}}}{_escaped(note)}", formula]
        if part.rows:
            columns = "l" * (len(part.header) - 1) + r"p{0.38\linewidth}"
            text += [rf"\begin{{tabular}}{{{columns}}}", rf"{' & '.join(part.header)} \\ \hline"]
            for name, symbol, *rest in part.rows:
                text.append(" & ".join((_escaped(name), f"${symbol}$", *map(_escaped, rest))) + r" \\")
            text.append(r"\end{tabular}")
    return "\n".join(text) + "\n"


_LATEX_CHARACTERS = {
    "_": r"\_", "&": r"\&", "%": r"\%", "^": r"\^{}", "γ": r"$\gamma$", "η": r"$\eta$", "λ": r"$\lambda$",
    "δ": r"$\delta$", "β": r"$\beta$", "α": r"$\alpha$", "ε": r"$\varepsilon$", "μ": r"$\mu$", "ϑ": r"$\vartheta$",
    "Λ": r"$\Lambda$", "Σ": r"$\Sigma$", "σ": r"$\sigma$", "ρ": r"$\rho$", "Δ": r"$\Delta$", "→": r"$\to$",
    "∞": r"$\infty$", "←": r"$\leftarrow$", "≥": r"$\ge$", "≤": r"$\le$", "≈": r"$\approx$", "²": r"$^2$", "³": r"$^3$",
    "⁺": r"$^+$", "₀": r"$_0$", "·": r"$\cdot$", "×": r"$\times$", "−": r"$-$", "√": r"$\surd$", "∂": r"$\partial$",
    "½": r"$\frac12$", "⁻": r"$^-$", "ˣ": r"$^x$", "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$",
    "#": r"\#", "~": r"\textasciitilde{}", "τ": r"$\tau$", "θ": r"$\theta$", "κ": r"$\kappa$", "–": "--",
    "ω": r"$\omega$", "φ": r"$\varphi$", "ψ": r"$\psi$", "χ": r"$\chi$", "π": r"$\pi$", "ν": r"$\nu$", "ξ": r"$\xi$",
    "ζ": r"$\zeta$", "Γ": r"$\Gamma$", "Φ": r"$\Phi$", "Ω": r"$\Omega$",
}  # fmt: skip


_PIECES = re.compile(r"`[^`]+`|.\u0304|.", re.DOTALL)  # code in backticks, a letter with a bar, any character


def _escaped(text: str) -> str:
    return "".join(map(_piece, _PIECES.findall(text)))


def _piece(text: str) -> str:
    if len(text) > 2:
        return rf"\texttt{{{_escaped(text[1:-1])}}}"
    character = _LATEX_CHARACTERS.get(text[0], text[0])
    return character if len(text) == 1 else rf"$\bar{{{character.strip('$')}}}$"


def _text(title: str, parts: list[Section]) -> str:
    text = [title, "=" * len(title)]
    for part in parts:
        text += ["", part.title, "-" * len(part.title)]
        text += [f"* {line}" for line in part.lines]
        for i, step in enumerate(part.equations, 1):
            head = f"{i}. " if part.numbered else "* "
            text += [f"{head}{step.title}{f' ({step.note})' if step.note else ''}", f"     {plain(step.equation)}"]
        width = max((len(row[0]) for row in part.rows), default=0)
        text += [f"* {name:<{width}}  {' '.join(rest[:-1])}: {rest[-1]}" for name, _, *rest in part.rows]
    return "\n".join(text) + "\n"
