"""Mathematical notation: LaTeX for the names that equations use in code."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

_SYMBOLS = {
    "discount": r"\gamma",
    "plasticity": r"\eta",
    "loss_weight": "k",
    "gradient": "g",
    "curvature": "v",
    "learning_rate": r"\alpha",
    "metric": "G",
    "control": "b",
    "drift": "a",
    "friction": "c",
    "hazard": r"\lambda",
    "prior_mean": r"\mu_0",
    "prior_variance": r"\Sigma_0",
    "duration": "T",
    "clock_step": r"\Delta t",
    "count": "t",
    "velocity": r"\dot w",
    "belief_mean": r"\hat m",
    "belief_variance": "S",
    "belief_covariance": "S",
    "belief_curvature": r"\hat v",
    "belief_optimum": r"\hat\mu",
    "belief_second_moment": r"\hat M",
    "decay_mean": r"\beta_1",
    "decay_square": r"\beta_2",
    "process_noise": "q",
    "epsilon": r"\varepsilon",
    "effectiveness": "M",
    "effective_discount": r"\Gamma",
    "threshold": r"\vartheta",
    "target_rate": "y_0",
    "omega": r"\omega",
    "zbar": r"\bar z",
    "cost_rate": r"\text{cost rate}",
    "log_density": r"\log p",
    "E_L": r"\mathrm{E}L",
    "min_u": r"\min_u",
    "V'": "V'",
    "V_v": r"\partial_{\dot w} V",
    "V_d": r"\partial_\delta V",
    "Delta_w": r"\Delta w",
    "Delta_velocity": r"\Delta\dot w",
    "dw/dt": r"\dot w",
    "dw1/dt": r"\dot w_1",
    "dw2/dt": r"\dot w_2",
    "d_velocity/dt": r"\ddot w",
}
_SIGNS = {"plus": "+", "minus": "-"}


def symbol_name(name: str) -> str:
    r"""LaTeX for a name in code.

    Examples
    --------
    >>> print(*map(symbol_name, ("discount", "tau_plus", "A2_minus", "belief_optimum_2", "p22")))
    \gamma \tau_{+} A_{2}^{-} \hat\mu_{2} p_{22}
    """
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    if match := re.fullmatch(r"d_(\w+)/dt", name):
        return rf"\frac{{d}}{{dt}} {symbol_name(match[1])}"
    if match := re.fullmatch(r"(\w+?)_?(\d+(?:_\d+)*)", name):
        stem, index = match[1], match[2].replace("_", "")
        if stem in _SYMBOLS or len(stem) == 1:
            return f"{_SYMBOLS.get(stem, stem)}_{{{index}}}"
        if stem != name:
            return f"{symbol_name(stem)}_{{{index}}}" if "_" not in stem else _words(stem, index)
    if match := re.fullmatch(r"([A-Za-z])(\d*)_(plus|minus)", name):
        index = f"_{{{match[2]}}}" if match[2] else ""
        return f"{match[1]}{index}^{{{_SIGNS[match[3]]}}}"
    return _words(name, "")


def _words(name: str, index: str) -> str:
    """Time constants, variances, traces and other names of several words."""
    for pattern, stem in ((r"tau_(\w+)", r"\tau"), (r"(\w+)_variance", r"\sigma^2"), (r"(\w+)_trace", "r")):
        if match := re.fullmatch(pattern, name):
            below = _SIGNS.get(match[1], match[1] if len(match[1]) == 1 else rf"\text{{{_spaced(match[1])}}}")
            return f"{stem}_{{{below}{',' + index if index else ''}}}"
    if len(name) == 1 or "_" not in name:
        return (sp.latex(sp.Symbol(name)) if len(name) < 8 else rf"\text{{{name}}}") + (
            f"_{{{index}}}" if index else ""
        )
    if re.fullmatch(r"[A-Za-z]_\w", name):
        return name
    return rf"\text{{{_spaced(name)}}}" + (f"_{{{index}}}" if index else "")


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def latex(equation: Any) -> str:
    r"""LaTeX of an equation, an expression or a matrix, in the field's symbols.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> print(latex(gradient_descent().weight_flow))
    - g \alpha
    """
    known = sp.sympify(equation)
    names = {s: symbol_name(s.name) for s in known.atoms(sp.Symbol)}
    return sp.latex(known, symbol_names=names)


def plain(equation: Any) -> str:
    """Text of an equation in the names of the code.

    Examples
    --------
    >>> plain(sp.Eq(sp.Symbol("dw/dt"), -sp.Symbol("gradient")))
    'dw/dt = -gradient'
    """
    if isinstance(equation, sp.Equality):
        return f"{equation.lhs} = {equation.rhs}"
    return str(equation)
