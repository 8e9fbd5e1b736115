"""Optax: a rule that reads gradients as a gradient transformation of JAX, in one file that needs JAX and Optax only."""

from __future__ import annotations

from textwrap import indent

from plasticity.compile.file_head import SECTIONS, class_name, docstring, words
from plasticity.compile.gradient_step import GradientStep, gradient_step, may_divide_by_zero, wrapped
from plasticity.compile.optimiser import (
    CURVATURE_WORDS,
    DECAY,
    NOTES,
    RESERVED,
    described,
    functions,
    needs_curvature,
    signature,
)
from plasticity.pages.card import extract
from plasticity.rule import Rule
from plasticity.support.checks import checked

_DIAGONAL = '''
def diagonal(product, params, key, probes=None):
    """Diagonal of H from products Hv, 0 where it is negative."""
    flat, unflat = ravel_pytree(params)
    if probes is None:
        one = lambda k: ravel_pytree(product(unflat(jnp.zeros_like(flat).at[k].set(1))))[0][k]
        values = jax.lax.map(one, jnp.arange(flat.size))
    else:
        signs = jax.random.rademacher(key, (probes, flat.size), flat.dtype)
        values = jnp.mean(jax.lax.map(lambda v: v*ravel_pytree(product(unflat(v)))[0], signs), axis=0)
    return jax.tree.leaves(unflat(jnp.maximum(values, 0)))
'''.strip()

_ALIKE = '''
def alike(new, weights):
    """New values in the precision of the weights."""
    return [values.astype(w.dtype) for values, w in zip(new, weights)]
'''.strip()


@checked
def optax(rule: Rule) -> dict[str, str]:
    """Text of a Python file with a rule as a gradient transformation of Optax, by file name.

    The file has the function ``learn``, one step of the rule for any array of weights, and a function that makes an
    ``optax.GradientTransformation``. It needs the weights: call ``update(gradients, state, params)``. Rules that read
    the curvature have it from a memory of squared gradients or from products ``Hv``. On the same gradients the path is
    that of `plasticity.simulate`.

    Raises
    ------
    InputError
        If the rule acts at spikes, reads what an optimiser does not have, or has a parameter without a value or with
        one value for each synapse.

    Examples
    --------
    >>> from plasticity.rules.adam import adam
    >>> print(*[line for line in optax(adam())["adam_optax.py"].splitlines() if "change =" in line])
        change = -belief_mean*learning_rate/(jnp.sqrt(belief_curvature) + epsilon)
    """
    step = gradient_step(rule, RESERVED)
    seeing = needs_curvature(step)
    text = functions(step, "jnp", None)
    text = f"{_DIAGONAL}\n\n\n{text}" if seeing else text
    imports = ["import math"] if "math." in text else []
    imports += ["from typing import NamedTuple\n", "import jax", "import jax.numpy as jnp", "import optax"]
    imports += ["from jax.flatten_util import ravel_pytree"] if seeing else []
    parts = [
        docstring(
            rule,
            "an optimiser for JAX and Optax",
            extract(rule, SECTIONS),
            _example(step),
            NOTES.format("JAX and Optax"),
        ),
        "\n".join(imports),
        f"\n{text}\n\n\n{_ALIKE}",
    ]
    parts += [f"\n{_state(step, seeing)}", f"\n{_transformation(step, seeing)}"]
    return {f"{words(rule)}_optax.py": "\n\n".join(parts) + "\n"}


def _example(step: GradientStep) -> list[str]:
    name = words(step.rule)
    arguments = "dt=0.1" if step.has_dt and step.dt is None else ""
    lines = [
        f"from {name}_optax import {name}",
        f"optimiser = {name}({arguments})",
        "state = optimiser.init(params)",
        "updates, state = optimiser.update(jax.grad(loss)(params), state, params)",
        "params = optax.apply_updates(params, updates)",
    ]
    if names := may_divide_by_zero(step):
        lines += [
            "",
            f"The rule divides by {', '.join(names)}, which must not be 0: `optax.apply_if_finite` skips such steps.",
        ]
    if needs_curvature(step):
        more = f"{arguments}{', ' if arguments else ''}"
        lines += [
            "",
            f'With products, optimiser = {name}({more}curvature="products") and, at every step,',
            "product = lambda v: jax.jvp(jax.grad(loss), (params,), (v,))[1]",
            "updates, state = optimiser.update(gradients, state, params, product=product)",
        ]
    return lines


def _state(step: GradientStep, seeing: bool) -> str:
    """Text of the record of all states."""
    fields = [f"{name}: {'jax.Array' if name in step.common else 'optax.Params'}" for name in step.states]
    fields += ["memory: tuple  # of squared gradients, or the key of the next random signs"] if seeing else []
    lines = [f"class {class_name(step.rule)}State(NamedTuple):", '    """What the rule remembers."""']
    lines += ["", *_in(1, fields)] if fields else []
    return "\n".join(lines)


def _transformation(step: GradientStep, seeing: bool) -> str:
    more = ['curvature="squared_gradients"', f"decay={DECAY!r}", "probes=None", "seed=0"] if seeing else []
    seed = ["seed : int", "    Seed of the random signs."]
    about = [
        f"{step.rule.title}.",
        "",
        "Parameters",
        "----------",
        *described(step),
        *([*CURVATURE_WORDS, *seed] if seeing else []),
    ]
    begin = []
    if seeing:
        begin += [
            'if curvature not in ("squared_gradients", "products"):',
            "    raise ValueError(f\"curvature must be 'squared_gradients' or 'products', got {curvature!r}\")",
            "",
        ]
    kind = "GradientTransformationExtraArgs" if seeing else "GradientTransformation"
    lines = [
        *wrapped(f"def {words(step.rule)}(", [*signature(step), *more], "):"),
        *_in(1, ['"""' + about[0], *about[1:], '"""', *begin]),
        "    def init(params):",
        *_in(2, _init(step, seeing)),
        "",
        f"    def update(updates, state, params=None{', *, product=None, **_' if seeing else ''}):",
        *_in(2, _update(step, seeing)),
        "",
        f"    return optax.{kind}(init, update)",
    ]
    return "\n".join(line.rstrip() for line in lines)


def _init(step: GradientStep, seeing: bool) -> list[str]:
    initial = {s.name: repr(float(s.initial)) for s in step.rule.states}
    whole = "jax.tree.map(lambda w: jnp.full_like(w, {}), params)"
    values = [f"jnp.asarray({v})" if n in step.common else whole.format(v) for n, v in initial.items()]
    lines = []
    if seeing:
        squares = "jnp.asarray(0.0), [jnp.zeros_like(w) for w in jax.tree.leaves(params)]"
        lines += [
            'if curvature == "products":',
            "    memory = (jax.random.PRNGKey(seed),)",
            "else:",
            f"    memory = ({squares})",
        ]
        values.append("memory")
    return [*lines, *wrapped(f"return {class_name(step.rule)}State(", values, ")")]


def _update(step: GradientStep, seeing: bool) -> list[str]:
    """Lines of the function that changes the weights: the rule for one array after the other."""
    lines = [
        "if params is None:",
        '    raise ValueError("the rule needs the weights: update(gradients, state, params)")',
        "leaves, tree = jax.tree.flatten(params)",
        "if not leaves:",
        "    return updates, state",
        "gradients = tree.flatten_up_to(updates)",
    ]
    columns = {"w": "leaves", "gradient": "gradients"}
    if seeing:
        lines += _curvature_lines()
        columns["curvature"] = "curvatures"
    columns |= {name: f"tree.flatten_up_to(state.{name})" for name in step.own}
    here = {name: name if name in columns else f"state.{name}" for name in step.states}
    arguments = ["w", *step.inputs, *here.values(), *step.constants]
    lines += ["new = ["]
    lines += _in(1, wrapped("learn(", arguments, ")"))
    lines += _in(1, wrapped(f"for {', '.join(columns)} in zip(", list(columns.values()), ")"))
    lines += ["]"]
    lines.append(f"changes, {', '.join(step.states)} = zip(*new)" if step.states else "changes = new")
    values = [
        f"{n}[0].astype(state.{n}.dtype)" if n in step.common else f"tree.unflatten(alike({n}, leaves))"
        for n in step.states
    ]
    values += ["memory"] if seeing else []
    lines += wrapped(f"state = {class_name(step.rule)}State(", values, ")")
    return [*lines, "return tree.unflatten(alike(changes, leaves)), state"]


def _curvature_lines() -> list[str]:
    return [
        'if (product is None) == (curvature == "products"):',
        "    raise ValueError(\"give a product at every step if curvature is 'products', and only then\")",
        "if product is not None:",
        "    key, following = jax.random.split(state.memory[0])",
        "    curvatures, memory = diagonal(product, params, key, probes), (following,)",
        "else:",
        "    count, squares = state.memory",
        "    both = [remember(g, count, s, decay) for g, s in zip(gradients, squares)]",
        "    curvatures = alike([squares for _, squares in both], leaves)",
        "    memory = both[0][0].astype(count.dtype), curvatures",
    ]


def _in(depth: int, lines: list[str]) -> list[str]:
    return indent("\n".join(lines), "    " * depth).split("\n")
