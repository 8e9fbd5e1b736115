"""Which derived rules live with which signals: ``python -m tests.benchmarks.pairs [--quick] [RULE …] [SIGNAL …]``.

Every derived rule is composed with every signal, at their defaults, and learns a small task of that signal
(`pair_tasks`: six spiking circuits and rate networks). Its opponent is gradient descent, the limit of a short horizon
without beliefs, through the same signal. The rate of both is the best of a grid in steps of √10 over four decades,
which moves where the best is at its edge, on 3 seeds other than those that count. A pair is *better* or *worse* if the
relative difference of the losses a and b after learning, (a − b)/(|a| + |b|), paired over 8 fresh seeds, lies below or
above 0 by more than 3.5 standard errors (t with 7 degrees of freedom: 1 in 100 by chance, on both sides together);
*worse* also if it ends above the loss without learning, *equal* otherwise, *refused* if it is not composed, with the
reason, and *diverged* if no rate is stable.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plasticity import observe, rules, signals
from plasticity.errors import DivergedError, InputError
from plasticity.rule import GRADIENT, Rule
from tests.benchmarks.pair_tasks import TASKS, Task

GRID = 10.0 ** (np.arange(-4, 5) / 2)
STEP = 2e-2  # of Adam and RMSprop, whose rate is a change of the weight per tick
FIRST = {"adam": STEP, "rmsprop": STEP, "fisher_gradient": 1.0}  # centre of the grid, if not the rate of the task
MOVES = 3
ROUNDING = 1e-6  # of losses whose weights went the same way
CRITERION, N_TUNE, N_COUNT = 3.5, 3, 8
SCALES = {"reward_modulated": {"reward_scale": 1.0}}


@dataclass(frozen=True)
class Learner:
    """Losses after learning on the seeds that count, at the best rate; None if no rate is stable."""

    losses: np.ndarray | None
    rate: float


def derived_rules() -> list[str]:
    """Rules that take a gradient from a signal."""
    return [name for name in rules.names() if GRADIENT in rules.load(name)().inputs]


def best(rule: Rule, task: Task, centre: float, n_count: int) -> Learner:
    """Rate that learns best on the seeds for tuning, and what it reaches on the others."""
    name = next((n for n in ("plasticity", "learning_rate") if n in rule.values), None)
    grid = np.ones(1) if name is None else centre * GRID
    for _ in range(MOVES + 1):
        reached = losses(rule, task, name, grid, range(N_TUNE + n_count))
        tuning = reached[:, :N_TUNE].mean(axis=1)
        if np.isnan(tuning).all():
            grid = grid / 1e4
            continue
        k = int(np.nanargmin(tuning))
        if name is None or 0 < k < len(grid) - 1:
            break
        grid = grid * (1e3 if k else 1e-3)
    else:
        if np.isnan(tuning).all():
            return Learner(None, np.nan)
    return Learner(reached[k, N_TUNE:], float(grid[k] if len(grid) > 1 else np.nan))


def losses(rule: Rule, task: Task, name: str | None, grid: np.ndarray, seeds: range) -> np.ndarray:
    """Losses (n_rates, n_seeds) after learning; NaN for the largest rates, with which the run diverges."""
    for n in range(len(grid), 0, -1):
        values = np.repeat(grid[:n], len(seeds))
        try:
            reached = task.learn(
                rule.with_bounds(*task.bounds), {} if name is None else {name: values}, list(seeds) * n
            )
        except DivergedError:
            continue
        full = np.full((len(grid), len(seeds)), np.nan)
        full[:n] = np.where(np.isfinite(reached), reached, np.nan).reshape(n, len(seeds))
        return full
    return np.full((len(grid), len(seeds)), np.nan)


def verdict(learner: Learner, opponent: Learner, untrained: float) -> tuple[str, float]:
    """Class of a pair, and the mean relative difference of the losses in standard errors."""
    if learner.losses is None or not np.isfinite(learner.losses).all():
        return "diverged", np.nan
    assert opponent.losses is not None
    size = np.abs(learner.losses) + np.abs(opponent.losses)
    difference = (learner.losses - opponent.losses) / np.where(size > 0, size, 1.0)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    t = 0.0 if np.abs(difference).max() < ROUNDING else float(difference.mean() / max(error, ROUNDING))
    if learner.losses.mean() > untrained:
        return "worse", t
    return ("better" if t < -CRITERION else "worse" if t > CRITERION else "equal"), t


def pairs(names: list[str], of_signals: list[str], n_count: int) -> Iterator[tuple[str, str, str, str]]:
    """Rule, signal, class and figures of every pair."""
    for s in of_signals:
        task, signal = TASKS[s], signals.load(s)(**TASKS[s].arguments, **SCALES.get(s, {}))
        still = observe(rules.gradient_descent(1e-30), signal)
        start = float(np.mean(losses(still, task, None, np.ones(1), range(n_count))))
        descent = observe(rules.gradient_descent(), signal)
        opponent = best(descent, task, task.rate, n_count)
        reached = np.nan if opponent.losses is None else opponent.losses.mean()
        print(
            f"{s}: {task.words}; loss untrained {start:.4g}, gradient descent {reached:.4g} at {opponent.rate:.3g}",
            flush=True,
        )
        for r in names:
            begin = time.process_time()
            try:
                rule = observe(rules.load(r)(), signal)
                is_same = (rule.weight_flow, rule.events) == (descent.weight_flow, descent.events)
                learner = opponent if is_same else best(rule, task, FIRST.get(r, task.rate), n_count)
                kind, t = verdict(learner, opponent, start)
                loss = np.nan if learner.losses is None else learner.losses.mean()
                words = f"loss {loss:.4g}, t = {t:+.1f}, rate {learner.rate:.3g}, {time.process_time() - begin:.0f} s"
            except InputError as error:
                kind, words = "refused", str(error).split("; ")[0]
            yield r, s, kind, words


def main() -> int:
    """Print the pairs and their counts."""
    asked = [a for a in sys.argv[1:] if not a.startswith("-")]
    names = [n for n in asked if n in derived_rules()] or derived_rules()
    of_signals = [s for s in TASKS if s in asked] or list(TASKS)
    counts: Counter[str] = Counter()
    for rule, signal, kind, words in pairs(names, of_signals, 4 if "--quick" in sys.argv else N_COUNT):
        counts[kind] += 1
        print(f"{rule:18} {signal:24} {kind:9} {words}", flush=True)
    print(f"{sum(counts.values())} pairs: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
