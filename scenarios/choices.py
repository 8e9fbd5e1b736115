"""Choices with a reversal: can models of learning be told apart from the choices of single people?

Two stimuli have opposite answers that are rewarded more often; in the middle of each session the answers change places.
People are simulated as four learners (`plasticity.choices`), each with numbers of its own: a derived policy that
expects changes (finite horizon, hazard), REINFORCE without and with a baseline (the derived policy at a short horizon),
and Q-learning with softmax, the model of the field. All four are fitted to the choices of each person, with the
likelihood of every choice after those before it.

Expect: learners that are sure have weights that a reversal must undo, so all relearn more slowly than they learned; the
pull of a hazard keeps weights small, so that the derived policy loses less by a reversal than REINFORCE.

What came out (defaults, seed 1): relearning takes 1.7 times as many trials as learning for the derived policy, 3.7 for
REINFORCE, 3.3 with a baseline and 2.3 for Q-learning, which learns and relearns in the fewest trials of all. Every
number lies within two standard errors in 11 or 12 of 12 people. AIC chooses the model that made the choices in 11 of 12
people for the derived policy, in 8 for REINFORCE, and in all for the other two.

Result: `accuracy`(trial, model), mean chance of the better answer over people, sessions and stimuli; `log_ratio`(model,
person) of the trials to criterion, first learning over relearning; `share`(made_by, chosen), how often AIC chooses
each model; `true_value`, `estimate`, `standard_error`(person, number); `recovered` and `flagged`(number): shares of
people whose truth lies within two standard errors, and whose number is not determined.

Source: Williams 1992 (williams_1992); Wilson & Collins 2019 (wilson_2019); Vastola, Gershman & Rajan 2025
(vastola_2025). Assumed: rewards, spreads over people, and the numbers of a typical one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.dataset import make_dataset
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

MODELS = ("derived, hazard", "REINFORCE", "REINFORCE, baseline", "Q-learning")
NUMBERS = (  # of each model: name, typical value, bounds
    ("derived, hazard", "plasticity", 1.5, (0.05, 50.0)),
    ("derived, hazard", "hazard", 0.2, (1e-3, 10.0)),
    ("REINFORCE", "learning_rate", 1.0, (0.02, 20.0)),
    ("REINFORCE, baseline", "learning_rate", 1.0, (0.02, 20.0)),
    ("REINFORCE, baseline", "baseline_rate", 0.1, (1e-3, 1.0)),
    ("Q-learning", "learning_rate", 0.3, (0.01, 1.0)),
    ("Q-learning", "inverse_temperature", 4.0, (0.1, 50.0)),
)
CRITERION = 0.7  # chance of the better answer, mean of both stimuli
WIDTH = 2.0  # standard errors within which an estimate counts as recovered


@dataclass(frozen=True)
class Parameters:
    """The task and the people."""

    n_people: int = parameter(12, "1", "people per model", low=2)
    n_sessions: int = parameter(3, "1", "sessions of each person", low=1)
    n_trials: int = parameter(120, "1", "trials of a session, with the reversal in the middle", low=8)
    reward: float = parameter(0.8, "1", "probability of reward for the better answer; 1 − that for the other", low=0.5)
    spread: float = parameter(0.3, "1", "standard deviation over people of the logarithm of every number", low=0.0)
    discount: float = parameter(1.0, "1", "discount per trial of the derived policy", low=1e-3)


SMOKE = {"n_people": 2, "n_sessions": 1, "n_trials": 40}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports and compilation, and sixteen fits of a person of each kind."""
    p = parameters
    return 20.0 + 16 * p.n_people * (0.1 + p.n_sessions * p.n_trials / 1500), 400e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Simulate people of every model, and fit all models to each."""
    p, models = parameters, _models(parameters)
    accuracy = np.empty((len(MODELS), p.n_people, p.n_sessions, p.n_trials))
    share = np.zeros((len(MODELS), len(MODELS)))
    truth, estimate, error = np.full((3, p.n_people, len(NUMBERS)), np.nan)
    for m, name in enumerate(MODELS):
        own = [i for i, number in enumerate(NUMBERS) if number[0] == name]
        for i in range(p.n_people):
            rng = np.random.default_rng([seed, m, i])
            truth[i, own] = [_drawn(p, number, rng) for number in (NUMBERS[k] for k in own)]
            values = {NUMBERS[k][1]: truth[i, k] for k in own}
            data, accuracy[m, i] = _person(p, models[name].with_parameters(**values), rng)
            fits = {other: _fitted(models[other], other, data) for other in MODELS}
            share[m, min(range(len(MODELS)), key=lambda k: fits[MODELS[k]].aic)] += 1 / p.n_people
            for k in own:
                estimate[i, k] = fits[name].parameters[NUMBERS[k][1]]
                error[i, k] = fits[name].standard_errors[NUMBERS[k][1]]
    flagged = ~(error < estimate)  # NaN where a number is on its bound or not determined
    inside = np.abs(estimate - truth) <= WIDTH * error
    labels = [f"{model}: {name.replace('_', ' ')}" for model, name, *_ in NUMBERS]
    numbers, mixed = ("person", "number"), "per trial, or as named"
    return make_dataset(
        {
            "accuracy": (("trial", "model"), accuracy.mean(axis=(1, 2)).T, "1", "chance of the better answer"),
            "log_ratio": (("model", "person"), _log_ratios(accuracy), "1", "ln(trials to learn / trials to relearn)"),
            "share": (("made_by", "chosen"), share, "1", "share of people for whom AIC chooses the model"),
            "true_value": (numbers, truth, mixed, "true value"),
            "estimate": (numbers, estimate, mixed, "maximum likelihood"),
            "standard_error": (numbers, error, mixed, "its standard error"),
            "recovered": ("number", (inside & ~flagged).mean(axis=0), "1", "share within two standard errors"),
            "flagged": ("number", flagged.mean(axis=0), "1", "share whose number is not determined"),
        },
        {
            "model": ("model", list(MODELS), "1", "model"),
            "made_by": ("made_by", list(MODELS), "1", "model that made the choices"),
            "chosen": ("chosen", list(MODELS), "1", "model that is chosen"),
            "trial": ("trial", np.arange(p.n_trials) + 1, "1", "trial of the session"),
            "person": ("person", np.arange(p.n_people), "1", "person"),
            "number": ("number", labels, "1", "number of a model"),
        },
        title="Choices with a reversal: recovery and confusion of learners",
        rule="policy by score function, any rule",
        engine="trials",
        references=("williams_1992", "wilson_2019", "vastola_2025"),
    )


def _models(p: Parameters) -> dict[str, Any]:
    """The four models, with typical numbers."""
    from analysis import choice_learner
    from plasticity import Objective, derive

    changes = Objective(p.discount, plasticity=1.5, hazard=0.2, prior_mean=0.0)
    values = choice_learner(feedback="value", name="Q-learning")
    return {
        "derived, hazard": choice_learner(derive(changes, duration=1.0), name="derived, hazard"),
        "REINFORCE": choice_learner(name="REINFORCE"),
        "REINFORCE, baseline": choice_learner(name="REINFORCE, baseline"),
        "Q-learning": values.with_parameters(learning_rate=0.3, inverse_temperature=4.0),
    }


def _drawn(p: Parameters, number: tuple[str, str, float, tuple[float, float]], rng: np.random.Generator) -> float:
    _, _, typical, (low, high) = number
    return float(np.clip(typical * np.exp(p.spread * rng.standard_normal()), low, high))


def _fitted(model: Any, name: str, data: xr.Dataset) -> Any:
    """Fit of a model to a person, from typical numbers and one other start."""
    from analysis import fit

    own = [number for number in NUMBERS if number[0] == name]
    typical = model.with_parameters(**{number: value for _, number, value, _ in own})
    bounds = {number: limits for _, number, _, limits in own}
    return fit(typical, data, list(bounds), bounds, n_starts=2)


def _person(p: Parameters, model: Any, rng: np.random.Generator) -> tuple[xr.Dataset, np.ndarray]:
    """Choices of a person as a data set, and the chance of the better answer (n_sessions, n_trials)."""
    from analysis.data.record import make_data
    from analysis.data.repeated import with_measured

    n = p.n_sessions * p.n_trials
    stimulus = rng.integers(0, 2, n)
    reversed_ = np.arange(n) % p.n_trials >= p.n_trials // 2
    better = stimulus ^ reversed_  # answer 1 to stimulus 1, and to stimulus 0 after the reversal
    pays = np.where(rng.random(n) < p.reward, better, 1 - better)
    none = np.full(n, np.nan)
    labels = {
        "reward": np.zeros(n),
        "stimulus": [f"stimulus {s}" for s in stimulus],
        "session": [f"session {1 + i // p.n_trials}" for i in range(n)],
        "reward_0": 1.0 - pays,
        "reward_1": 1.0 * pays,
    }
    about = dict.fromkeys(("name", "title", "citation", "doi", "figure", "rights"), "") | {"provenance": "simulated"}
    names = [f"trial_{i + 1}" for i in range(n)]
    data = make_data("choices", names, pays, none, np.ones(n), labels, sem_missing="single choices", **about)
    data = with_measured(data, model({}, data).sample(rng))
    chance = model({}, data).mean
    return data, np.where(better == 1, chance, 1 - chance).reshape(p.n_sessions, p.n_trials)


def _log_ratios(accuracy: np.ndarray) -> np.ndarray:
    """Trials to criterion from the start over those from the reversal, (n_models, n_people), from means over sessions.

    Where the criterion is not reached, the half of the session counts.
    """
    smooth = np.apply_along_axis(lambda a: np.convolve(a, np.ones(8) / 8, "full")[: a.size], -1, accuracy.mean(axis=2))
    half = smooth.shape[-1] // 2
    first, second = smooth[..., :half], smooth[..., half : 2 * half]

    def time(path: np.ndarray) -> np.ndarray:
        reached = path >= CRITERION
        reached[..., :8] = False  # means over fewer than eight trials of the half
        return np.where(reached.any(axis=-1), reached.argmax(axis=-1), half)

    return np.log(time(first) / time(second))
