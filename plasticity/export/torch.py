"""PyTorch: a rule that reads gradients as a `torch.optim.Optimizer`, in one file that needs PyTorch only."""

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
def diagonal(product, weights, probes=None):
    """Diagonal of H from products Hv, 0 where it is negative."""
    total = [torch.zeros_like(w, memory_format=torch.contiguous_format) for w in weights]
    for k, w in enumerate(weights if probes is None else []):
        for i in range(w.numel()):
            v = [torch.zeros_like(each, memory_format=torch.contiguous_format) for each in weights]
            v[k].view(-1)[i] = 1
            total[k].view(-1)[i] = product(v)[k].reshape(-1)[i]
    for _ in range(probes or 0):
        v = [torch.randint_like(w, 2)*2 - 1 for w in weights]
        for whole, x, y in zip(total, v, product(v)):
            whole += x*y/probes
    return [whole.clamp(min=0) for whole in total]
'''.strip()


@checked
def torch(rule: Rule) -> dict[str, str]:
    """Text of a Python file with a rule as an optimiser of PyTorch, by file name.

    The file has the function ``learn``, one step of the rule for any tensor of weights, and a subclass of
    ``torch.optim.Optimizer`` that calls it. It reads gradients, and for rules that need it the curvature: from a memory
    of squared gradients or from products ``Hv``. On the same gradients the path is that of `plasticity.simulate`.

    Raises
    ------
    InputError
        If the rule acts at spikes, reads what an optimiser does not have, or has a parameter without a value or with
        one value for each synapse.

    Examples
    --------
    >>> from plasticity.rules.adam import adam
    >>> print(*[line for line in torch(adam())["adam_torch.py"].splitlines() if "change =" in line])
        change = -learning_rate*belief_mean/(torch.sqrt(belief_curvature) + epsilon)
    """
    step = gradient_step(rule, RESERVED)
    text = functions(step, "torch", "math")
    if needs_curvature(step):
        text = f"{_DIAGONAL}\n\n\n{text}"
    imports = ["import math\n", "import torch"] if "math." in text else ["import torch"]
    parts = [
        docstring(rule, "an optimiser for PyTorch", extract(rule, SECTIONS), _example(step), NOTES.format("PyTorch")),
        "\n".join(imports),
        f"\n{text}",
        f"\n{_optimiser(step)}",
    ]
    return {f"{words(rule)}_torch.py": "\n\n".join(parts) + "\n"}


def _example(step: GradientStep) -> list[str]:
    arguments = "model.parameters()" + (", dt=0.1" if step.has_dt and step.dt is None else "")
    name, module = class_name(step.rule), f"{words(step.rule)}_torch"
    lines = [
        f"from {module} import {name}",
        f"optimiser = {name}({arguments})",
        "loss(model).backward()",
        "optimiser.step()",
    ]
    if needs_curvature(step):
        lines += [
            "",
            f'With products, optimiser = {name}({arguments}, curvature="products") and, at every step,',
            "gradients = torch.autograd.grad(loss(model), weights, create_graph=True)",
            "optimiser.step(product=lambda v: torch.autograd.grad(gradients, weights, v, retain_graph=True))",
            "with weights = list(model.parameters()), whose .grad holds the gradients.",
        ]
    return lines


def _optimiser(step: GradientStep) -> str:
    """Text of the class."""
    seeing = needs_curvature(step)
    more = ['curvature="squared_gradients"', f"decay={DECAY!r}", "probes=None"] if seeing else []
    about = [
        f"{step.rule.title}.",
        "",
        "Parameters",
        "----------",
        "params : iterable of tensors or of groups",
        "    What learns; a group can have constants of its own.",
        *described(step),
        *(CURVATURE_WORDS if seeing else []),
    ]
    constants = [f'"{name}": {name}' for name in step.constants]
    begin = wrapped("super().__init__(params, {", constants, "})")
    if seeing:
        begin += [
            'if curvature not in ("squared_gradients", "products"):',
            "    raise ValueError(f\"curvature must be 'squared_gradients' or 'products', got {curvature!r}\")",
            "self.curvature, self.decay, self.probes = curvature, decay, probes",
        ]
    lines = [
        f"class {class_name(step.rule)}(torch.optim.Optimizer):",
        *_in(1, ['"""' + about[0], *about[1:], '"""']),
        "",
        *_in(1, wrapped("def __init__(", ["self", "params", *signature(step), *more], "):")),
        *_in(2, begin),
        "",
        "    @torch.no_grad()",
        f"    def step(self, closure=None{', product=None' if seeing else ''}):",
        '        """One step; returns the loss if there is a `closure` that computes it."""',
        *_in(2, _step_body(step, seeing)),
    ]
    return "\n".join(lines)


def _step_body(step: GradientStep, seeing: bool) -> list[str]:
    lines = ["loss = None", "if closure is not None:", "    with torch.enable_grad():", "        loss = closure()"]
    if seeing:
        lines += [
            'if (product is None) == (self.curvature == "products"):',
            "    raise ValueError(\"give a product at every step if curvature is 'products', and only then\")",
            'weights = [w for group in self.param_groups for w in group["params"] if w.grad is not None]',
            "if product is not None:",
            "    with torch.enable_grad():",
            "        curvatures = dict(zip(weights, diagonal(product, weights, self.probes)))",
        ]
    lines += ["for group in self.param_groups:", '    for w in group["params"]:']
    inner = ["if w.grad is None:", "    continue"]
    inner += ["if w.grad.is_sparse:", '    raise ValueError("gradients must be dense, got a sparse one")']
    inner += ["state = self.state[w]"] if seeing or step.states else []
    inner += _state_lines(step, seeing)
    results = ["change", *(f'state["{name}"]' for name in step.states)]
    arguments = ["w", "w.grad", *(["curvature"] if seeing else []), *(f'state["{name}"]' for name in step.states)]
    arguments += [f'group["{name}"]' for name in step.constants]
    inner += [*wrapped(f"{', '.join(results)} = learn(", arguments, ")"), *_finite_lines(step), "w.add_(change)"]
    return [*lines, *_in(2, inner), "return loss"]


def _finite_lines(step: GradientStep) -> list[str]:
    """Lines that refuse a change that is not finite, for rules that may divide by 0; they wait for the device."""
    names = may_divide_by_zero(step)
    if not names:
        return []
    text = f"a value is not finite: the rule divides by {', '.join(names)}, which must not be 0"
    values = ["change", *(f'state["{name}"]' for name in step.own)]
    test = " and ".join(f"torch.isfinite({value}).all()" for value in values)
    return [f"if not ({test}):", f'    raise FloatingPointError("{text}")']


def _state_lines(step: GradientStep, seeing: bool) -> list[str]:
    """Lines that begin the states of a weight, and look up its curvature."""
    initial = {s.name: float(s.initial) for s in step.rule.states}
    begin = [
        f'state["{name}"] = {value!r}' if name in step.common else f'state["{name}"] = torch.full_like(w, {value!r})'
        for name, value in initial.items()
    ]
    lines = ["if not state:", *_in(1, begin)] if begin else []
    if not seeing:
        return lines if begin else []
    return [
        *lines,
        "if product is not None:",
        "    curvature = curvatures[w]",
        "else:",
        '    seen = state.get("observations", 0.0), state.get("squared", torch.zeros_like(w))',
        '    state["observations"], state["squared"] = remember(w.grad, *seen, self.decay)',
        '    curvature = state["squared"]',
    ]


def _in(depth: int, lines: list[str]) -> list[str]:
    return indent("\n".join(lines), "    " * depth).split("\n")
