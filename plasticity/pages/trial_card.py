"""Card of a learner in trials: its equations, their numbers, and what each kind of trial can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sympy as sp

from plasticity import filters
from plasticity.belief import OrnsteinUhlenbeck, RecurringContexts, SwitchingTask
from plasticity.pages.card import Section, page
from plasticity.rule import Step
from plasticity.trial_system import visible_modes

if TYPE_CHECKING:
    from plasticity.trials import TrialLearner

A, M, X, O, P = sp.symbols("A M x o p")  # noqa: E741
BETA, KAPPA, ETA, K, G, DISCOUNT = sp.symbols("beta kappa eta k G gamma")
NEXT, OUTPUT, ERROR = sp.symbols("x_next y e")


def trial_card(learner: TrialLearner, format: str = "markdown") -> str:
    """Describe a learner in trials on one page.

    Examples
    --------
    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> card = trial_card(derive_trials(Objective(0.5), OrnsteinUhlenbeck(50.0, 10.0, 10.0)))
    >>> card.splitlines()[0]
    '# Learner in trials'
    """
    trials_tell, source = _SOURCES[type(learner.beliefs)]
    parts = [
        Section("Assumptions", _assumptions(learner)),
        Section("One trial", equations=equations(learner), numbered=True),
        Section("Numbers", rows=_numbers(learner), header=("name", "symbol", "value", "meaning")),
        Section("What trials tell", trials_tell(learner)),
        Section("References", ("vastola_2025", source)),
    ]
    return page("Learner in trials", parts, format)


def equations(learner: TrialLearner) -> tuple[Step, ...]:
    """Equations of a trial, in order; symbols are those of `numbers`.

    Examples
    --------
    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> [step.title for step in equations(derive_trials(Objective(0.5), OrnsteinUhlenbeck(50.0, 10.0, 10.0)))][-1]
    'Next aim'
    """
    first = Step("Observed perturbation", sp.Eq(O, ERROR + OUTPUT), "e: the error, seen or imposed; y: the output")
    return (first, *_belief(learner), *_closed_loop(learner), *_aim(learner))


def numbers(learner: TrialLearner) -> dict[str, float]:
    """Values of the symbols of `equations`, by name.

    Examples
    --------
    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> sorted(numbers(derive_trials(Objective(0.5), OrnsteinUhlenbeck(50.0, 10.0, 10.0))))
    ['A', 'K_1', 'M', 'a_1', 'beta', 'g_1', 'kappa', 'reach']
    """
    step, drift = learner.tracking, learner.objective.drift
    values = {
        "A": step.retention,
        "beta": float(np.exp(-float(learner.objective.discount))),
        "M": float(np.exp(0.0 if drift is None else np.ravel(drift)[0])),
        "kappa": step.scale,
        "reach": step.reach,
    }
    if isinstance(learner.beliefs, SwitchingTask):
        return values | {"a": float(np.exp(-learner.beliefs.hazard))}
    if isinstance(learner.beliefs, RecurringContexts):
        own = learner.filter
        weights = step.follow_contexts(learner.beliefs.rates, own.fading)
        names = [f"{name}_{i + 1}" for name in ("a", "stay", "g") for i in range(len(weights))]
        diagonals = own.fading, np.diag(own.transition), np.diag(weights)
        return values | dict(zip(names, map(float, np.concatenate(diagonals)), strict=True))
    gain = filters.steady_gain(learner.filter)[:, 0]
    for i, (a, k) in enumerate(zip(np.diag(learner.filter.transition), gain, strict=True), 1):
        values |= {f"a_{i}": float(a), f"K_{i}": float(k), f"g_{i}": float(step.follow(a))}
    return values


_MEANINGS = {
    "A": "share of the aim that stays per trial, A = exp(−R) without drift",
    "beta": "weight of the next trial, exp(−γ)",
    "M": "share of the output that its own drift leaves per trial",
    "kappa": "size of a step towards what is expected of the next trial alone",
    "reach": "share of a constant perturbation that is countered at last",
    "a": "share of the perturbation that is expected to stay per trial",
    "K": "gain of the filter, steady",
    "g": "weight of the component, or of the context while it rules, in the next aim",
    "stay": "probability that the context stays per trial",
}


def _numbers(learner: TrialLearner) -> tuple[tuple[str, ...], ...]:
    names = {"beta": r"\beta", "kappa": r"\kappa", "reach": r"A_\infty"}
    return tuple(
        (name, names.get(name, name), f"{value:.5g}", _MEANINGS[name.partition("_")[0]])
        for name, value in numbers(learner).items()
    )


def _assumptions(learner: TrialLearner) -> tuple[str, ...]:
    channel, belief = learner.feedback, learner.beliefs
    if isinstance(belief, SwitchingTask):
        believed = f"is replaced at rate {belief.hazard:g} per trial by a fresh draw"
    elif isinstance(belief, RecurringContexts):
        taus = ", ".join(f"{tau:g}" for tau in belief.time_constant)
        believed = (
            f"is that of one of {len(belief.rates)} contexts, each with a time constant of its own ({taus} trials)"
        )
        if belief.initial_std is not None:
            believed += f", known at first to within {', '.join(f'{std:g}' for std in belief.initial_std)}"
    else:
        taus = ", ".join(f"{tau:g}" for tau in np.atleast_1d(belief.time_constant))
        believed = f"is a sum of Ornstein–Uhlenbeck components with time constants of {taus} trials"
    return (
        f"The perturbation {believed}; it is seen with noise of standard deviation {belief.observation_noise:g}.",
        "A trial costs half its squared error, and the aim pays for its changes; "
        f"discount {float(learner.objective.discount):g} per trial.",
        f"Feedback has in truth noise {channel.noise:g}, gain {channel.gain:g}, and is lost in a share "
        f"{channel.sparsity:g} of the trials; outputs scatter by {learner.output_noise:g} around the aim.",
        "Without feedback nothing is observed, which is not an error of 0.",
        *(["The next aim is a report: what follows as p_next or m_next is taken before it fades."] * learner.reports),
    )


def _belief(learner: TrialLearner) -> tuple[Step, ...]:
    if isinstance(learner.beliefs, SwitchingTask):
        text = "mixture of Gaussians, one for each time of the last replacement, weighted by what it predicted"
        return (Step("Belief", text), Step("Forecast", sp.Eq(sp.Symbol("m_next"), _faded()), "m_0: prior mean"))
    if isinstance(learner.beliefs, RecurringContexts):
        share, gain, mean = sp.symbols("rho_k K_k m_k")
        updated = sp.Eq(sp.Symbol("m_k_seen"), mean + share * gain * (O - mean))
        return (Step("Belief about context k", updated, "ρ: how probable the context is after the observation"),)
    m = learner.beliefs.n
    p, rest = sp.symbols(f"p_1:{m + 1}"), sp.symbols(f"rest_1:{m + 1}")
    steps = []
    for i in range(m):
        gain, a = sp.Symbol(f"K_{i + 1}"), sp.Symbol(f"a_{i + 1}")
        after = rest[i] + a * (p[i] + gain * (O - sum(p)) - rest[i])
        steps.append(Step(f"Belief {i + 1}", sp.Eq(sp.Symbol(f"p_{i + 1}_next"), after)))
    return (*steps, Step("Without feedback", "the same with gains 0; the gains grow in such trials"))


def _faded() -> sp.Expr:
    m, prior, a = sp.symbols("m m_0 a")
    return prior + a * (m - prior)


def _closed_loop(learner: TrialLearner) -> tuple[Step, ...]:
    step, gain = learner.tracking, ETA * K / G
    note = "R: rate of the closed loop"
    if step.approached:
        return (Step("Approach", f"stated: {1 - step.retention:g} of the distance per trial", "optimal weights"),)
    if step.continuous:
        j, r = sp.symbols("j R")
        rate = sp.sqrt(DISCOUNT**2 / 4 + gain + j * (j + DISCOUNT)) - DISCOUNT / 2
        return (Step("Rate", sp.Eq(r, rate), note), Step("Approach", sp.Eq(A, sp.exp(-r)), "M = exp(−j)"))
    riccati = sp.Eq((M - A) * (1 - BETA * M * A), gain * A)
    return (
        Step("Discrete Riccati equation", riccati, "A: its root below 1"),
        Step("Scale", sp.Eq(KAPPA, gain * A / M)),
    )


def _aim(learner: TrialLearner) -> tuple[Step, ...]:
    step = learner.tracking
    symbol = sp.Symbol("a")
    future = sp.Symbol("decay") - sp.log(symbol) if step.continuous else 1 - sp.exp(-sp.Symbol("decay")) * symbol
    weight = Step(
        "Weight of a component", sp.Eq(sp.Symbol("g"), KAPPA / future), "decay: γ + R, in a sum over the future"
    )
    if isinstance(learner.beliefs, SwitchingTask):
        target = sp.Symbol("g_0") * sp.Symbol("m_0") + sp.Symbol("g") * (sp.Symbol("m_next") - sp.Symbol("m_0"))
        return (weight, Step("Next aim", sp.Eq(NEXT, A * X + target), "g_0: weight of what lasts, a = 1"))
    if isinstance(learner.beliefs, RecurringContexts):
        target = sp.Symbol("target")
        note = "target: Σ_jk π_j G_jk m_k over contexts, G = κ[1 − exp(−decay) a_k exp(Q)]⁻¹ (deviations from means)"
        return (Step("Next aim", sp.Eq(NEXT, A * X + target), note),)
    terms = [
        sp.Symbol("g_0") * sp.Symbol(f"rest_{i}")
        + sp.Symbol(f"g_{i}") * (sp.Symbol(f"p_{i}_next") - sp.Symbol(f"rest_{i}"))
        for i in range(1, len(learner.filter.rest) + 1)
    ]
    return (weight, Step("Next aim", sp.Eq(NEXT, A * X + sp.Add(*terms)), "g_0: weight of what lasts, a = 1"))


def _gaussian_trials(learner: TrialLearner) -> tuple[str, ...]:
    modes, m = visible_modes(learner), len(learner.filter.rest)
    pairs = "; ".join(f"{a:.4g} and {b:.4g}" for a, b in zip(*(np.real_if_close(x) for x in modes), strict=True))
    at_once = learner.tracking.retention == 0
    unknown = 2 * m + (1 if at_once else 2)
    lines = [
        f"Errors that are seen or clamped show only factors and drives (A and B): {pairs}.",
        f"They determine {unknown - 1} of {unknown} numbers: the {m} retentions and {m} ratios of noise variances, "
        + ("and γ + R." if at_once else "the discount γ and ηk. One combination of them is hidden, exactly."),
        "Trials without feedback show retentions alone, and so break this alias; clamped errors of any size do not.",
        "A manipulation of K alone (blur) moves a one-component learner along A = a − B(1 − w)/w, with "
        "w = (γ + R)/(γ + R − ln a): the slope shows γ + R.",
    ]
    if learner.objective.drift is not None:
        lines.append(
            "With a drift −j known from passive decay, the rate r and the asymptote A∞ of learning show the discount: "
            "γ = (r²(1 − A∞) − j²)/(j − r(1 − A∞)), ill-conditioned where γ is far above r."
        )
    return tuple(lines)


def _context_trials(learner: TrialLearner) -> tuple[str, ...]:
    return (
        "A context that returns is known: savings, and a rebound when errors are clamped after a reversal, show it.",
        "Savings after long washout show contexts that last; one linear memory has none after a full washout.",
        "The discount enters with the rates Q: a context that soon ends counts less in the aim.",
    )


def _switching_trials(learner: TrialLearner) -> tuple[str, ...]:
    return (
        "The first update after a change shows the assumed noise, late updates the assumed hazard.",
        "Clear changes speak for themselves and hide the hazard: changes of 1 to 3 times the noise show it.",
        "The discount enters with the hazard as a pull to the prior mean only, so reports near it show no horizon.",
        "A replaced task leaves no memory: no savings and no spontaneous recovery.",
    )


_SOURCES = {
    OrnsteinUhlenbeck: (_gaussian_trials, "smith_2006"),
    SwitchingTask: (_switching_trials, "adams_2007"),
    RecurringContexts: (_context_trials, "heald_2021"),
}
