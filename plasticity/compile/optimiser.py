"""What the files for PyTorch and Optax have in common: constants as arguments, and the functions of the rule."""

from __future__ import annotations

import textwrap
from functools import cache

from plasticity.belief import FadingMemory
from plasticity.compile.gradient_step import CHANGE, GradientStep, step_lines, uses, wrapped
from plasticity.rule import CURVATURE, Rule
from plasticity.support.exprel import exprel
from plasticity.theory.estimation import fading_curvature

DECAY = 0.999  # of the memory of squared gradients, per step
RESERVED = {"self", "params", "curvature", "decay", "probes", "seed", "init", "update", "updates", "state", "product"}
RESERVED |= {"leaves", "tree", "gradients", "rows", "new", "jax", "jnp", "math", "optax", "torch", "learn", "remember"}
RESERVED |= {"diagonal", "key", "memory", "squared", "observations", "alike", "changes", "curvatures"}
NOTES = "The file needs {} only. A clock tick is one step. Times are in s, rates in Hz."


def needs_curvature(step: GradientStep) -> bool:
    """Whether a rule reads the curvature of the loss."""
    return CURVATURE.name in step.inputs


def signature(step: GradientStep) -> list[str]:
    """Constants of a rule as arguments with their values; the time of a step has none unless the rule fixes it."""
    time = [] if not step.has_dt else ["dt" if step.dt is None else f"dt={step.dt!r}"]
    return [*time, *(f"{p.name}={float(p.value)!r}" for p in step.parameters)]


def described(step: GradientStep) -> list[str]:
    """Lines on the constants of a rule for a docstring, with units and meanings."""
    lines = ["dt : float", "    Time of a step [s]."] if step.has_dt else []
    for p in step.parameters:
        words = p.meaning[:1].upper() + p.meaning[1:]
        lines += [f"{p.name} : float", f"    {words.rstrip('.')}{' ' if words else ''}[{p.unit}]."]
    return lines


CURVATURE_WORDS = [
    'curvature : {"squared_gradients", "products"}',
    "    Where the curvature of the loss comes from: a memory of squared gradients, which is the Fisher information",
    "    if the loss is a negative log likelihood; or products Hv by the function `product`, for each step anew.",
    "decay : float",
    "    Memory of squared gradients, per step.",
    "probes : int, optional",
    "    Products for each step, with vectors of random signs: an unbiased estimate, exact if H is diagonal. By",
    "    default one product for each weight, which is exact.",
]


def functions(step: GradientStep, library: str, scalars: str | None) -> str:
    """Text of the functions that carry out the rule: `learn`, and what it calls."""
    parts = [_exprel(library)] if uses(step, exprel) else []
    results = (CHANGE.name, *step.states)
    about = "Change of the weight and new states after one step."
    parts.append(_function("learn", step, step.arguments, results, about, library, scalars))
    if needs_curvature(step):
        memory = _memory()
        arguments = ("gradient", *memory.states, *memory.constants)
        about = "New memory of squared gradients: an average that starts without knowledge."
        parts.append(_function("remember", memory, arguments, memory.states, about, library, scalars))
    return "\n\n\n".join(parts)


def _function(
    name: str,
    step: GradientStep,
    arguments: tuple[str, ...],
    results: tuple[str, ...],
    about: str,
    library: str,
    scalars: str | None,
) -> str:
    lines = [f'"""{about}"""', *step_lines(step, library, scalars), f"return {', '.join(results)}"]
    first = "\n".join(wrapped(f"def {name}(", list(arguments), "):"))
    return first + "\n" + textwrap.indent("\n".join(lines), "    ")


def _exprel(library: str) -> str:
    lines = (
        "def exprel(x):",
        '    """(exp(x) - 1)/x, which is 1 at 0."""',
        f"    return {library}.where(x == 0, 1.0, {library}.expm1(x)/{library}.where(x == 0, 1.0, x))",
    )
    return "\n".join(lines)


@cache
def _memory() -> GradientStep:
    """The memory of squared gradients that `plasticity.derive` gives a learner, as a step of its own."""
    memory = fading_curvature(FadingMemory(decay=DECAY))
    rule = Rule("memory", "Memory", states=memory.states, events={"clock": memory.ticks}, parameters=memory.parameters)
    ticks = tuple(((u.target,), (u.expression,)) for u in rule.events["clock"])
    return GradientStep(rule, ticks, rule.parameters, ("count",), None, False)
