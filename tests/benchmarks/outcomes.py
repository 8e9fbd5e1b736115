"""28 combinations of rule, signal, circuit, channel and limits, classed: ``python -m tests.benchmarks.outcomes``.

They are those with which the rules of the catalogue were first tried in networks, as far as a summary named them: rule,
signal, kind of circuit and disturbance. Sizes, inputs, rates and lengths of the runs were not kept and are chosen here.
Each runs for seconds of simulated time and is classed by what a user would see: the loss at the start and at the end
where there is one, whether weights moved, what was said on the way, or the class and the text of an error.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

import numpy as np

import circuits
from circuits import Circuit, Phase
from plasticity import Controllability, FeedbackChannel, observe, poisson_trains, replay, rules, signals, simulate
from plasticity.errors import DivergedError, InputError, UnknownNameError
from plasticity.landscapes import Quadratic
from plasticity.rule import NeuronVariable, Parameter, Rule

FALLS, UNCHECKED, RISES = "loss falls", "runs, not checked", "rises, announced"
IDLE, REFUSED, UNFAIR = "announced and idle", "refused", "refused, though the user did nothing wrong"
STOPS, SILENT, TRACEBACK = "stops", "silent nonsense", "traceback"
DIVERGED = 1e4  # change of a weight that is no learning
FAULTS = (UNFAIR, STOPS, SILENT, TRACEBACK)
Result = tuple[float, tuple[float, float] | None]  # largest change of a weight; loss at the start and at the end


@dataclass(frozen=True)
class Case:
    """A combination: its words, what runs it, and whether something in it is missing or cannot be."""

    words: str
    run: Callable[[], Result]
    cannot: bool = False


@dataclass(frozen=True)
class Outcome:
    """Class of a case, its figures, and the words that a user read."""

    kind: str
    figures: str
    words: str


def outcome(case: Case) -> Outcome:
    """Run a case and class it."""
    said = io.StringIO()
    try:
        with redirect_stderr(said), warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("ignore", category=DeprecationWarning)  # of libraries
            moved, loss = case.run()
    except DivergedError as error:
        return Outcome(STOPS, "", str(error))
    except (InputError, UnknownNameError) as error:
        return Outcome(REFUSED if case.cannot else UNFAIR, "", str(error))
    except Exception as error:
        return Outcome(TRACEBACK, "", f"{type(error).__name__}: {error}")
    words = " ".join([*said.getvalue().split("\n"), *(str(each.message) for each in caught)]).strip()
    return Outcome(_kind(case, moved, loss, bool(words)), _figures(moved, loss), words)


def _kind(case: Case, moved: float, loss: tuple[float, float] | None, is_announced: bool) -> str:
    if case.cannot or not moved > 0:
        return IDLE if is_announced and not case.cannot else SILENT
    if loss is None:
        return UNCHECKED if moved < DIVERGED else RISES if is_announced else SILENT
    if loss[1] < loss[0]:
        return FALLS
    return RISES if is_announced else SILENT


def _figures(moved: float, loss: tuple[float, float] | None) -> str:
    return f"weights move by {moved:.2g}" if loss is None else f"loss {loss[0]:.3g} → {loss[1]:.3g}"


RANDOM = np.random.default_rng(1)
PATTERNS, TARGETS = RANDOM.standard_normal((5, 4)), RANDOM.standard_normal((5, 2))
TRAINS = poisson_trains(20.0, 20, duration=1.0, seed=1)
WAVE = 20 * np.sin(np.arange(2000) / 30)[:, None]


def composed(rule: str, signal: str, **arguments: Any) -> Rule:
    """Rule of the catalogue that reads a signal of the catalogue."""
    return observe(rules.load(rule)(**arguments), signals.load(signal)())


def rates(rule: Rule | None, hold: float | None = None, weights: Any = None) -> Circuit:
    """4 inputs, 6 hidden units, 2 outputs."""
    given: dict[str, Any] = {"patterns": PATTERNS, "targets": TARGETS, "hold": hold, "weights": weights}
    return circuits.load("feedforward_rate")((4, 6, 2), rule, **given)


def ring(rule: Rule) -> Circuit:
    """Bumps at 12 places of a ring of 60 units."""
    angle = 2 * np.pi * np.arange(60) / 60
    apart = angle - angle[::5, None]
    bumps = 0.8 * np.exp(3 * (np.cos(apart) - 1))
    given: dict[str, Any] = {"patterns": np.cos(apart), "targets": bumps, "hold": 0.1, "input_weight": np.eye(60)}
    return circuits.load("recurrent_rate")(60, rule, **given)


def learning(rule: Rule) -> Circuit:
    """Readout of 30 recurrent neurons that follows a wave."""
    return circuits.load("recurrent_lif")(poisson_trains(40.0, 15, 2.0, seed=3), WAVE, 1e-3, rule, n=30)


def voters(rule: Rule) -> Circuit:
    """Ten neurons whose votes are rewarded."""
    return circuits.load("actor")(TRAINS, [1.0, -1.0], 0.5, rule)


def spiking(rule: Rule) -> Circuit:
    """A neuron with 20 inputs."""
    return circuits.load("feedforward_spiking")(TRAINS, rule, weight=30.0)


def driven(rule: Rule) -> Circuit:
    """A neuron with target spikes."""
    return circuits.load("escape_rate_neuron")(TRAINS, [[0.1, 0.3, 0.5]], rule)


def small(rule: Rule) -> Circuit:
    """300 neurons in balance."""
    return circuits.load("balanced_ei")(300, rule)


def of_rates(circuit: Callable[[], Circuit], duration: float = 20.0, dt: float = 0.01, **options: Any) -> Case | Any:
    """Function that runs a rate circuit; its loss in the first and in the last of ten parts."""

    def run() -> Result:
        made = circuit()
        done = circuits.run(made, duration, dt, record_every=duration / 10, seed=1, **options)
        moved = max(float(np.abs(done.final[p.name] - p.weight).max()) for p in made.plastic)
        return moved, (float(done.loss[0, 1]), float(done.loss[0, -1])) if made.has_targets else None

    return run


def of_spikes(circuit: Callable[[], Circuit], duration: float = 1.0, **options: Any) -> Callable[[], Result]:
    """Function that runs a spiking circuit, whose loss is not read."""

    def run() -> Result:
        made = circuit()
        (done,) = circuits.run(made, [Phase(duration)], 1e-3, "numpy", seed=1, **options)
        return max(float(np.abs(done.final[p.name] - p.weight).max()) for p in made.plastic), None

    return run


def in_simulate() -> Result:
    """Adam in a landscape, with a channel and rank 1."""
    landscape = Quadratic(np.diag([2.0, 1.0]), [0.8, -0.2])
    limits = {"controllability": Controllability(rank=1), "feedback": FeedbackChannel(noise=0.1, delay=0.1)}
    done = simulate(rules.load("adam")(0.02), landscape, [0.0, 0.0], 200, 0.1, seed=1, **limits)
    weights, loss = done.theta.values, done.loss.values.ravel()
    return float(np.ptp(weights, axis=-2).max()), (float(loss[0]), float(loss[-1]))


def one_pair() -> Result:
    """Replay of the calcium rule to the end that it chooses, for one pair."""
    done = replay(rules.load("graupner_calcium")("hippocampal_cultures"), [0.1], [0.11])
    return float(abs(done.weight[-1] - done.weight[0])), None


def reading_voltage() -> Rule:
    """A rule that reads the voltage of its neuron."""
    rate, voltage = Parameter("rate", 0.01, "Hz"), NeuronVariable("v", "post", "mV")
    return Rule("reader", "A reader", "rate*v_post", parameters=(rate,), variables=(voltage,))


DALE = [np.abs(RANDOM.standard_normal(shape)) / 4 for shape in ((6, 4), (2, 6))]
SIGNED = Controllability(sign=1)
LATE = FeedbackChannel(delay=0.01)
CASES = (
    Case(
        "adam, random_feedback, rates, half of the messages lost",
        of_rates(lambda: rates(composed("adam", "random_feedback")), feedback=FeedbackChannel(sparsity=0.5)),
    ),
    Case(
        "ballistic, exact_error, rates, weights ≥ 0",
        of_rates(lambda: rates(composed("ballistic", "exact_error"), weights=DALE), controllability=SIGNED),
    ),
    Case(
        "gradient_descent, node_perturbation, rates, rounded message",
        of_rates(
            lambda: rates(composed("gradient_descent", "node_perturbation", learning_rate=0.05)),
            feedback=FeedbackChannel(quantum=1e-4),
        ),
    ),
    Case("soft_reset, exact_error, rates", of_rates(lambda: rates(composed("soft_reset", "exact_error")))),
    Case(
        "adam, eprop, recurrent_lif, rank 8, noise",
        of_spikes(
            lambda: learning(composed("adam", "eprop")),
            2.0,
            controllability=Controllability(rank=8),
            feedback=FeedbackChannel(noise=0.1),
        ),
    ),
    Case(
        "natural_gradient, reward_modulated, actor, late reward",
        of_spikes(
            lambda: voters(composed("natural_gradient", "reward_modulated")), feedback=FeedbackChannel(delay=0.02)
        ),
    ),
    Case("adam in simulate, channel, rank 1", in_simulate),
    Case("newton, exact_error, ring of rates", of_rates(lambda: ring(composed("newton", "exact_error")), 6.0, 1e-3)),
    Case("adam, bcm, feedforward_spiking", of_spikes(lambda: spiking(composed("adam", "bcm")))),
    Case(
        "fisher_gradient, escape_rate_likelihood, escape_rate_neuron",
        of_spikes(lambda: driven(composed("fisher_gradient", "escape_rate_likelihood"))),
    ),
    Case("gradient_descent, eprop, rates", of_rates(lambda: rates(composed("gradient_descent", "eprop"))), True),
    Case("multi_step, eprop, recurrent_lif", of_spikes(lambda: learning(composed("multi_step", "eprop")), 2.0)),
    Case("kalman_gradient, bcm, feedforward_spiking", of_spikes(lambda: spiking(composed("kalman_gradient", "bcm")))),
    Case("bayesian_synapse, bcm, feedforward_spiking", of_spikes(lambda: spiking(composed("bayesian_synapse", "bcm")))),
    Case(
        "gradient_descent, exact_error, feedforward_spiking",
        of_spikes(lambda: spiking(composed("gradient_descent", "exact_error"))),
        True,
    ),
    Case(
        "gradient_descent, reward_modulated, no critic",
        of_spikes(lambda: spiking(composed("gradient_descent", "reward_modulated"))),
        True,
    ),
    Case("oja, rates, channel", of_rates(lambda: rates(rules.load("oja")(0.01)), feedback=LATE), True),
    Case("reward_stdp without rewards", of_spikes(lambda: spiking(rules.load("reward_stdp")())), True),
    Case("btsp_two_trace, rates", of_rates(lambda: rates(rules.load("btsp_two_trace")())), True),
    Case(
        "gradient_descent, exact_error, rates, weights ≥ 0 from signed ones",
        of_rates(lambda: rates(composed("gradient_descent", "exact_error")), controllability=SIGNED),
        True,
    ),
    Case("a rule that reads v_post, rates", of_rates(lambda: rates(reading_voltage())), True),
    Case(
        "pair_stdp, balanced_ei(300), half plastic",
        of_spikes(lambda: small(rules.load("pair_stdp")()), controllability=Controllability(plastic_fraction=0.5)),
    ),
    Case("clopath_voltage, balanced_ei(300)", of_spikes(lambda: small(rules.load("clopath_voltage")()))),
    Case(
        "graupner_calcium, balanced_ei(300)",  # whose delay of 4.6098 ms is refused at steps of 1 ms, with the remedy
        of_spikes(lambda: small(rules.load("graupner_calcium")().with_parameters(pre_delay=0.005))),
    ),
    Case(
        "heavy_ball, escape_rate_likelihood, escape_rate_neuron",
        of_spikes(lambda: driven(composed("heavy_ball", "escape_rate_likelihood"))),
    ),
    Case("graupner_calcium, replay of one pair", one_pair),
    Case("pair_stdp, rates, negative inputs", of_rates(lambda: rates(rules.load("pair_stdp")())), True),
    Case(
        "gradient_descent, exact_error, rates, rank 8, delay of a pattern",
        of_rates(
            lambda: rates(composed("gradient_descent", "exact_error", learning_rate=0.5)),
            feedback=LATE,
            controllability=Controllability(rank=8),
        ),
    ),
)


def outcomes() -> Iterator[tuple[Case, Outcome]]:
    """Every case with what became of it."""
    for case in CASES:
        yield case, outcome(case)


def main() -> int:
    """Print the table and the counts; the status is 1 if there is a fault."""
    counts: Counter[str] = Counter()
    for case, found in outcomes():
        counts[found.kind] += 1
        print(f"{case.words:66} {found.kind:22} {found.figures or found.words}", flush=True)
        if found.figures and found.words:
            print(f"{'':66} {found.words}")
    print(f"{sum(counts.values())} combinations: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common()))
    return int(any(counts[kind] for kind in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
