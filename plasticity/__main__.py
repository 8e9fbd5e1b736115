"""Command line: list rules and signals, derive a rule from assumptions, print its card, write it for others."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError
from plasticity.export import FORMATS
from plasticity.support import catalog
from plasticity.support.cli import Parser, as_number, check_figure, check_files, exit_status

if TYPE_CHECKING:
    from plasticity.assumptions import Assumptions
    from plasticity.rule import Rule

BELIEFS = {
    "none": "exact gradient and curvature",
    "adam": "fading memories per step of the gradient and of its square",
    "rmsprop": "a fading memory per step of the squared gradient",
    "average": "a fading memory per step of the gradient",
    "kalman": "an Ornstein–Uhlenbeck gradient observed through noise (Kalman–Bucy)",
    "optimum": "an optimum with a fast and a slow Ornstein–Uhlenbeck component",
    "switching": "an optimum that is replaced at random times, unannounced",
    "shape": "gradient and curvature, a regression of gradients on weights",
    "weight": "a Gaussian belief about the weight itself, in its Fisher metric",
}
_COMPARED = {
    "discount": ("0.1", "discount in Hz"),
    "noise": ("0.5", "noise of a gradient observed for 1 s"),
    "condition": ("10", "ratio of the two curvatures"),
    "hazard": ("0.2", "rate in Hz at which the optimum is forgotten"),
}
_FISHER = "The metric is the Fisher information of the weight, the mean of (∂ log likelihood/∂w)²."


def main(argv: list[str]) -> None:
    """Carry out one command; results go to standard output."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m plasticity", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="rules, signals and beliefs").set_defaults(command=_list)
    commands.add_parser("glossary", help="symbols, names in code, units and meanings").set_defaults(command=_glossary)
    card = commands.add_parser("card", help="print the card of a rule of the catalogue")
    card.add_argument("rule", metavar="RULE")
    card.set_defaults(command=_card)
    export = commands.add_parser("export", help="write a rule as a program for another library or simulator")
    export.add_argument("rule", metavar="RULE[+SIGNAL]", help="a rule of gradients learns from spikes by a signal")
    export.add_argument("--format", required=True, metavar="|".join(FORMATS), help="what to write")
    export.add_argument("-o", "--output", required=True, metavar="FOLDER", help="folder for the files")
    export.set_defaults(command=_export)
    conformance = commands.add_parser(
        "conformance", help="write golden weights of spike sequences for other simulators"
    )
    conformance.add_argument("rules", nargs="*", metavar="RULE", help="by default all that run on spikes")
    conformance.add_argument("-o", "--output", required=True, metavar="FILE.json")
    conformance.set_defaults(command=_conformance)
    explain = commands.add_parser("explain", help="print the assumptions under which a rule is optimal")
    explain.add_argument("rule", metavar="RULE", help="a rule of the catalogue, momentum, decay or feedback_alignment")
    explain.add_argument("--hessian", metavar="A,B;C,D", help="curvature of the loss (default 3,0;0,0.5)")
    explain.add_argument("--optimum", metavar="A,B", help="optimum of the loss (default 1,-0.5)")
    explain.add_argument("--patterns", default="10,2;3,8", metavar="A,B;C,D", help="rates in Hz, for rules of rates")
    explain.add_argument(
        "--feedback", metavar="A,B;C,D", help="fixed weights of feedback_alignment (default: those of descent, turned)"
    )
    explain.add_argument("--figure", metavar="FILE.png", help="draw the set of assumptions")
    explain.add_argument("-o", "--output", metavar="FILE.nc", help="file for slopes, metrics and drifts")
    explain.set_defaults(command=_explain)
    derive = commands.add_parser("derive", help="derive a rule and print its card")
    derive.add_argument("--discount", metavar="0|oo|VALUE", help="γ in Hz; default: a symbol, with both limits")
    derive.add_argument("--plasticity", default="1", metavar="VALUE", help="η (default 1)")
    derive.add_argument("--loss-weight", default="1", metavar="VALUE", help="k (default 1)")
    derive.add_argument("--metric", default="identity", metavar="identity|diagonal|fisher")
    derive.add_argument("--drift", default="none", metavar="none|decay|rotation")
    derive.add_argument("--belief", default="none", metavar="NAME", help="what is known, see `list`")
    derive.add_argument("--hazard", default="0", metavar="VALUE", help="rate of new tasks in Hz (default 0)")
    derive.add_argument("--duration", metavar="oo|VALUE", help="time between observations in s; oo is Newton's method")
    derive.add_argument("--order", default="1", metavar="1|2", help="2 controls the acceleration (momentum)")
    derive.set_defaults(command=_derive)
    compare = commands.add_parser("compare", help="compare rules with the exact learner of a moving optimum")
    for name, (default, meaning) in _COMPARED.items():
        compare.add_argument(f"--{name}", default=default, metavar="VALUE", help=f"{meaning} (default {default})")
    compare.set_defaults(command=_compare)
    for command in (card, derive):
        command.add_argument("--format", default="text", metavar="text|latex|markdown")
    return parser


def _list(arguments: argparse.Namespace) -> None:
    for heading, package in (("rules", "plasticity.rules"), ("signals", "plasticity.signals")):
        names = catalog.names(package)
        width = max(map(len, names))
        print(f"{heading}:")
        for name in names:
            print(f"  {name:{width}}  {catalog.title(package, name)}")
    print("beliefs (derive --belief):")
    for name, meaning in BELIEFS.items():
        print(f"  {name:{max(map(len, BELIEFS))}}  {meaning}")


def _glossary(arguments: argparse.Namespace) -> None:
    from plasticity.glossary import glossary_page

    print(glossary_page(), end="")


def _card(arguments: argparse.Namespace) -> None:
    make = catalog.load("plasticity.rules", arguments.rule, "rule")
    _print(make(), arguments.format)


def _export(arguments: argparse.Namespace) -> None:
    from plasticity.export import write

    _choice("format", arguments.format, FORMATS)
    name, *signals = arguments.rule.split("+", 1)
    rule = catalog.load("plasticity.rules", name, "rule")()
    for signal in signals:
        rule = rule.with_signal(catalog.load("plasticity.signals", signal, "signal")())
    for path in write(rule, arguments.format, arguments.output):
        print(path)


def _conformance(arguments: argparse.Namespace) -> None:
    from plasticity.conformance import make, write
    from plasticity.dataset import check_writable

    check_writable(arguments.output)
    kit = make(arguments.rules or None)
    n = sum(map(len, kit.weights.values()))
    print(f"{write(kit, arguments.output)}: {len(kit.rules)} rules, {len(kit.sequences)} sequences, {n} golden results")


def _explain(arguments: argparse.Namespace) -> None:
    from plasticity.assumption_set import as_dataset
    from plasticity.dataset import write

    check_figure(arguments.figure)
    check_files({"--output": arguments.output, "--figure": arguments.figure})
    answer = _assumptions(arguments)
    print(answer)
    result = as_dataset(answer)
    if arguments.figure:
        from analysis.figures import draw
        from analysis.pages.figure_parts import save

        save(draw(result), arguments.figure)
        print(arguments.figure)
    if arguments.output:
        print(write(result, arguments.output))


def _assumptions(arguments: argparse.Namespace) -> Assumptions:
    """Assumptions of the rule that the arguments name, on their landscape or its own."""
    from plasticity.assumptions import assumptions_of
    from plasticity.compile.mean_field import on_rates
    from plasticity.landscapes import Quadratic
    from plasticity.rule import CURVATURE, GRADIENT
    from plasticity.textbook import SYNONYMS, feedback_alignment

    def landscape() -> Quadratic:
        return Quadratic(
            _matrix("hessian", arguments.hessian or "3,0;0,0.5"),
            _matrix("optimum", arguments.optimum or "1,-0.5")[0],
        )

    if arguments.rule == "feedback_alignment":
        loss, fixed = landscape(), arguments.feedback and _matrix("feedback", arguments.feedback)
        return replace(assumptions_of(feedback_alignment(loss.hessian_matrix, fixed), loss), name=arguments.rule)
    if arguments.feedback:
        raise InputError(f"--feedback is for feedback_alignment; {arguments.rule} has no fixed feedback")
    rule = catalog.load("plasticity.rules", SYNONYMS.get(arguments.rule, arguments.rule), "rule")()
    if {GRADIENT, CURVATURE} & set(on_rates(rule).inputs):
        return assumptions_of(rule, landscape())
    if arguments.hessian or arguments.optimum:
        raise InputError(f"--hessian and --optimum are of no use for {arguments.rule}, which reads no gradient")
    patterns = _matrix("patterns", arguments.patterns)
    return assumptions_of(rule, near=[1.0 / (1.0 + rate) for rate in patterns[0]], patterns=patterns)


def _matrix(name: str, text: str) -> list[list[float]]:
    """Parse rows separated by semicolons, numbers by commas."""
    try:
        return [[float(number) for number in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise InputError(f"--{name} takes numbers such as 3,1;1,0.5, got {text!r}") from None


def _derive(arguments: argparse.Namespace) -> None:
    _choice("metric", arguments.metric, ("identity", "diagonal", "fisher"))
    _choice("drift", arguments.drift, ("none", "decay", "rotation"))
    _choice("belief", arguments.belief, BELIEFS)
    _choice("order", arguments.order, ("1", "2"))
    if arguments.drift == "rotation":
        _print_rotation(arguments)
        return
    from plasticity.derive import derive
    from plasticity.objective import Objective

    numbers = {name: _number(name, getattr(arguments, name)) for name in ("plasticity", "loss_weight", "hazard")}
    objective = Objective(
        _discount(arguments.discount),
        metric=None if arguments.metric == "identity" else 1.0,
        drift=-1.0 if arguments.drift == "decay" else None,
        prior_mean=0.0 if numbers["hazard"] > 0 else None,
        **numbers,
    )
    duration = None if arguments.duration is None else _discount(arguments.duration, "duration")
    rule = derive(objective, duration=duration, order=int(arguments.order), **_beliefs(arguments.belief))
    if arguments.metric == "fisher":
        from dataclasses import replace

        rule = replace(rule, assumptions=(*rule.assumptions, _FISHER))
    _print(rule, arguments.format)


def _compare(arguments: argparse.Namespace) -> None:
    from plasticity.contest import Contest, best_cost, compare

    contest = Contest(**{name: _number(name, getattr(arguments, name)) for name in _COMPARED})
    print(f"cost of the exact learner: {best_cost(contest):.4g} per second")
    print(f"{'excess cost per second':32} {'untuned':>20} {'tuned':>20} {'factor of steps':>16}")
    for row in sorted(compare(contest), key=lambda row: row.untuned):
        pairs = ((row.untuned, row.untuned_error), (row.tuned, row.tuned_error))
        costs = [f"{cost:.4g} ± {error:.1g}" if error else f"{cost:.4g}" for cost, error in pairs]
        print(f"{row.title:32} {costs[0]:>20} {costs[1]:>20} {row.factor:>16.3g}")
    print("untuned: numbers set from the assumptions; ±: standard error, Adam is simulated, other costs are exact")


def _print(rule: Rule, format: str) -> None:
    from plasticity.pages.card import card

    print(card(rule, format), end="")


def _print_rotation(arguments: argparse.Namespace) -> None:
    """Rotation couples two weights: that problem is solved on its own."""
    fixed = {"metric": "identity", "belief": "none", "duration": None, "order": "1", "hazard": "0"}
    for name, value in fixed.items():
        if getattr(arguments, name) != value:
            raise InputError(
                f"--drift rotation couples two weights and takes no --{name}; use `plasticity.solve` for numbers"
            )
    from plasticity.pages.card import Section, page
    from plasticity.theory.rotation import rotating_pair

    pair = rotating_pair(_discount(arguments.discount))
    words = (
        "Changing weights costs their squared speed; the learner trades it against the discounted loss.",
        "Left alone, two weights rotate into each other: f = q (−w2, w1); the curvature is the same for both.",
        "Each weight needs the value and the gradient of its partner, so this is no rule of one synapse.",
    )
    parts = [Section("Assumptions", words), Section("Derivation", equations=pair.steps, numbered=True)]
    print(page("Optimal rule of two weights that rotate", parts, arguments.format), end="")


def _beliefs(name: str) -> dict[str, Any]:
    """Arguments of `derive`, with usual values."""
    from plasticity.belief import FadingMemory, GaussianWeight, LandscapeShape, OrnsteinUhlenbeck, SwitchingTask

    mean, square = FadingMemory(decay=0.9), FadingMemory(decay=0.999)
    known: dict[str, dict[str, Any]] = {
        "none": {},
        "adam": {"gradient_belief": mean, "curvature_belief": square},
        "rmsprop": {"curvature_belief": FadingMemory(decay=0.9, initial=0.0)},
        "average": {"gradient_belief": mean},
        "kalman": {"gradient_belief": OrnsteinUhlenbeck(1.0, 1.0, 1.0)},
        "optimum": {"optimum_belief": OrnsteinUhlenbeck((1.0, 100.0), 1.0, 1.0)},
        "switching": {"optimum_belief": SwitchingTask(0.1, 0.0, 1.0, 1.0)},
        "shape": {"shape_belief": LandscapeShape()},
        "weight": {"weight_belief": GaussianWeight(1.0)},
    }
    return known[name]


def _discount(text: str | None, name: str = "discount") -> Any:
    import sympy as sp

    if text is None:
        return sp.Symbol("discount", positive=True)
    return sp.oo if text == "oo" else _number(name, text, "a number, or oo for the limit")


def _number(name: str, text: str, expected: str = "a number") -> float:
    try:
        return as_number(text)
    except ValueError:
        raise InputError(f"--{name.replace('_', '-')} must be {expected}, got {text!r}") from None


def _choice(name: str, value: str, known: Any) -> None:
    from plasticity.errors import UnknownNameError

    if value not in known:
        raise UnknownNameError(f"value of --{name}", value, known)


if __name__ == "__main__":
    sys.exit(exit_status(main))
