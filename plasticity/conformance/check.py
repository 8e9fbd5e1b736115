"""Any simulator against the golden weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from plasticity.conformance.records import START, GoldenRule, Kit, Sequence
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_number

Run = Callable[[GoldenRule, Sequence], ArrayLike]


@dataclass(frozen=True)
class Outcome:
    """A rule after a sequence: largest difference of a weight, and the largest change that it should have had.

    `refused` is the reason why the simulator does not run it, or empty.
    """

    rule: str
    sequence: str
    difference: float
    scale: float
    passed: bool
    refused: str = ""


@checked
def check(
    kit: Kit, run: Run, rules: Iterable[str] | None = None, tolerance: float = 1e-9, floor: float = 1e-12
) -> tuple[Outcome, ...]:
    """Run a simulator on a kit and compare its weights with the golden ones.

    A sequence is passed if no weight differs by more than `tolerance` times the largest change of a weight that the
    rule has in any sequence, or by `floor`.

    Parameters
    ----------
    kit : Kit
    run : callable
        Maps a rule and a sequence to the final weights, one per pre neuron, from the start weight 1. A
        ``NotImplementedError`` says that the simulator cannot run this.
    rules : iterable of str, optional
        By default all of the kit.
    tolerance, floor : float

    Raises
    ------
    UnknownNameError
        If the kit has no such rule.
    InputError
        If `run` returns another number of weights.

    Examples
    --------
    >>> from plasticity.conformance import make, summary
    >>> kit = make(["pair_stdp"])
    >>> outcomes = check(kit, lambda rule, sequence: kit.weights[rule.label][sequence.name])
    >>> all(outcome.passed for outcome in outcomes)
    True
    """
    tolerance, floor = (require_number(n, v, low=0) for n, v in (("tolerance", tolerance), ("floor", floor)))
    outcomes = []
    for name in list(kit.rules) if rules is None else list(rules):
        if name not in kit.rules:
            raise UnknownNameError("rule of the kit", name, kit.rules)
        golden = kit.weights[name]
        scale = max((abs(w - START) for weights in golden.values() for w in weights), default=0.0)
        for sequence, weights in golden.items():
            outcomes.append(_outcome(kit.rules[name], kit.sequences[sequence], weights, run, scale, tolerance, floor))
    return tuple(outcomes)


def _outcome(
    rule: GoldenRule,
    sequence: Sequence,
    golden: tuple[float, ...],
    run: Run,
    scale: float,
    tolerance: float,
    floor: float,
) -> Outcome:
    try:
        weights = np.asarray(run(rule, sequence), dtype=float)
    except NotImplementedError as error:
        return Outcome(rule.label, sequence.name, np.nan, scale, False, str(error) or "not implemented")
    if weights.shape != (len(golden),):
        raise InputError(
            f"run must return {len(golden)} weights after {sequence.name!r}, one per pre neuron, got {weights.shape}"
        )
    difference = float(np.abs(weights - golden).max())
    return Outcome(rule.label, sequence.name, difference, scale, difference <= max(tolerance * scale, floor))


@checked
def summary(outcomes: Iterable[Outcome]) -> str:
    """Table in Markdown: for every rule how many sequences pass, the largest difference, and which do not pass.

    Examples
    --------
    >>> print(summary([Outcome("oja", "lone_pre", 0.0, 1.0, True), Outcome("oja", "bursts", 0.5, 1.0, False)]))
    | rule | passed | largest difference / largest change | not passed |
    |---|---|---|---|
    | `oja` | 1 of 2 | 0.5 | bursts (0.5) |
    """
    rows = ["| rule | passed | largest difference / largest change | not passed |", "|---|---|---|---|"]
    of_rules: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        of_rules.setdefault(outcome.rule, []).append(outcome)
    for rule, each in of_rules.items():
        ran = [o for o in each if not o.refused]
        worst = f"{max(o.difference / (o.scale or 1.0) for o in ran):.2g}" if ran else "–"
        failed = [f"{o.sequence} ({o.difference / (o.scale or 1.0):.2g})" for o in ran if not o.passed]
        failed += sorted({f"not run: {o.refused}" for o in each if o.refused})
        passed = f"{sum(o.passed for o in each)} of {len(each)}"
        rows.append(f"| `{rule}` | {passed} | {worst} | {', '.join(failed)} |")
    return "\n".join(rows)
