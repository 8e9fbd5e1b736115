"""The page on theory: which function derives which equation, with the equations that it prints."""

from __future__ import annotations

from typing import Any

import sympy as sp

import steersman as sm
from plasticity.pages.markdown import markdown
from plasticity.pages.notation import latex
from plasticity.rule import Step
from plasticity.theory.rotation import rotating_pair

# what is derived by algebra: title, function of the package, call
DERIVED = (
    ("The rule of one weight at any horizon", "plasticity.theory.control.optimal_control", "derive(Objective(γ))"),
    ("Short horizon", "plasticity.limits.limit", "derive(Objective(γ)).limit(discount=oo)"),
    ("Long horizon", "plasticity.limits.limit", "derive(Objective(γ)).limit(discount=0)"),
    ("Drift", "plasticity.theory.problem.state_problem", "derive(Objective(γ, drift=-0.1))"),
    ("Momentum", "plasticity.theory.momentum.optimal_acceleration", "derive(Objective(0), order=2)"),
    (
        "A memory of gradients",
        "plasticity.theory.estimation.fading_gradient",
        "derive(Objective(oo), gradient_belief=FadingMemory(decay=0.9))",
    ),
    (
        "A memory of squared gradients",
        "plasticity.theory.estimation.fading_curvature",
        "derive(Objective(0), curvature_belief=FadingMemory(decay=0.99))",
    ),
    (
        "A gradient that comes and goes",
        "plasticity.theory.estimation.wandering_gradient",
        "derive(Objective(γ), gradient_belief=OrnsteinUhlenbeck(2.0, 1.0, 0.5))",
    ),
    (
        "An optimum that wanders",
        "plasticity.theory.estimation.wandering_optimum",
        "derive(Objective(γ), optimum_belief=OrnsteinUhlenbeck(2.0, 1.0, 0.5))",
    ),
    (
        "An optimum that is replaced",
        "plasticity.theory.estimation.switching_optimum",
        "derive(Objective(1.0), optimum_belief=SwitchingTask(0.0, 1.0, 0.2, 0.5))",
    ),
    (
        "An uncertain weight",
        "plasticity.theory.uncertainty.uncertain_weight",
        "derive(Objective(oo), weight_belief=GaussianWeight(1.0))",
    ),
    (
        "A landscape of unknown shape",
        "plasticity.theory.shape.landscape_shape",
        "derive(Objective(1.0), shape_belief=LandscapeShape())",
    ),
    (
        "The gradient, seen through spikes",
        "plasticity.signal.with_signal",
        "derive(Objective(oo)).with_signal(signals.bcm(threshold=10.0))",
    ),
    ("Two weights that turn", "plasticity.theory.rotation.rotating_pair", "rotating_pair(γ)"),
)
# what is solved by numbers: equation, function of the package
SOLVED = (
    (r"\gamma P = kH + A^\top P + PA - PSP", "plasticity.optimal.riccati.decomposed_riccati"),
    (r"(\gamma + \lambda - A_{cl}^\top)\, b = -kH\mu + \lambda \bar b", "plasticity.optimal.riccati.linear_term"),
    (r"F\Sigma + \Sigma F^\top + Q - \Sigma C^\top H N^{-1} H C \Sigma = 0",
     "plasticity.optimal.lqg.steady_covariance"),
    (r"(\gamma - A_{cl}^\top) X - XF = -kHC", "plasticity.optimal.lqg.belief_policy"),
    (r"\Delta\theta = \int_0^T e^{A_{cl}s}\,ds\;\dot\theta", "plasticity.optimal.policy.Policy.change"),
    (r"\min_u \sum_i e^{-\gamma t_i}\left[\tfrac{1}{2\eta}u^\top G u + kL\right]", "plasticity.plan.plan"),
    (r"\gamma V = \min_u \left[\tfrac{1}{2\eta}u^\top G u + kL + \nabla V \cdot \dot\theta\right]",
     "plasticity.policy.policy"),
    (r"\int e^{-\gamma_c t}\left[\tfrac{1}{2\eta}\dot\theta^\top G\dot\theta + k(L - L_0)\right] dt = 0",
     "plasticity.critical_discount.critical_discount"),
    (r"\gamma X = D^\top G D/\eta + A^\top X + XA", "plasticity.optimality.excess"),
    (r"\eta k\,BG^{-1}B^\top = \gamma N + NHN, \quad N = RH^{-1}", "plasticity.optimal.inverse.reach"),
    (r"H = \tfrac{1}{2\eta}(\dot\theta-f)^\top G(\dot\theta-f) + p^\top f - kL, \quad \dot H = \gamma p^\top\dot\theta",
     "plasticity.explain.explain"),
    (r"G = \langle \nabla\ln p\; \nabla\ln p^\top \rangle", "plasticity.fisher.fisher_matrix"),
)  # fmt: skip
SPACE = {
    **{name: getattr(sm, name) for name in sm.__all__},
    "rotating_pair": rotating_pair,
    "oo": sp.oo,
    "γ": sp.Symbol("gamma", positive=True),
}


def theory_page() -> str:
    """All derivations; steps that the first one has already are left out of the others."""
    first = steps_of(DERIVED[0][2])
    known = {(step.title, str(step.equation)) for step in first}
    parts = [
        "# Theory: which function derives which equation",
        "Each section names the function that derives its equations, and the call that runs it; the equations are what "
        "the call gave when this page was made. Steps that the first section has already are left out of the others. "
        "Symbols: [glossary](../glossary.md); what is exact: [exact](../exact.md).",
        "## Derived by algebra",
    ]
    for i, (title, function, call) in enumerate(DERIVED):
        steps = [step for step in steps_of(call) if i == 0 or (step.title, str(step.equation)) not in known]
        parts += [f"### {title}", f"`{function}`, run by `{call}`", *map(printed, steps)]
    parts.append("## Solved by numbers")
    parts += [f"`{function}`:\n\n$$\n{equation}\n$$" for equation, function in SOLVED]
    return "\n\n".join(parts)


def steps_of(call: str) -> tuple[Step, ...]:
    """Steps of the derivation that a call makes."""
    return eval(call, dict(SPACE)).steps


def printed(step: Step) -> str:
    """A step as a sentence and a formula."""
    words = markdown(step.title) + (f" ({markdown(step.note)})" if step.note else "")
    return f"{words}:\n\n$$\n{latex(step.equation)}\n$$"


def resolved(path: str) -> Any:
    """What a dotted path names."""
    import importlib

    parts = path.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            value = getattr(value, name)
        return value
    raise ModuleNotFoundError(path)
