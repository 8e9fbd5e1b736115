"""What the rate engine does for a circuit: which rules, which signals they need, whether the circuit can give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from circuits.network.circuit import Circuit, Population
from plasticity.compile.deferred import Deferred, deferred
from plasticity.compile.dense import check_supplied, sweep_source
from plasticity.compile.mean_field import on_rates
from plasticity.controllability import Constraint
from plasticity.errors import InputError
from plasticity.rule import Rule

SETTLED = 10.0  # time constants in which the loss of a network that was disturbed settles, up to a tenth of the time
FEEDBACK = ("post_error", "learning_signal", "loss_difference")


@dataclass(frozen=True, eq=False)
class Plan:
    """A circuit with the rules that its projections run.

    Parameters
    ----------
    circuit : Circuit
    rules : dict of int to Rule
        Of the projections that learn, by their index; spikes are replaced by rates.
    limits : tuple of str
        Kind of limits of every projection, see `plasticity.compile.dense.sweep_source`.
    n_received : int
        Components of a message that comes out of the feedback channel.
    dt : float
        Time step [s].
    """

    circuit: Circuit
    rules: dict[int, Rule]
    limits: tuple[str, ...]
    n_received: int
    dt: float

    def __post_init__(self) -> None:
        """Check that the circuit gives what the rules ask for.

        Raises
        ------
        InputError
            Naming rule, projection, variable and remedy.
        """
        for k, rule in self.rules.items():
            self._check(k, rule)
        if self.sends_error and self.is_perturbed:
            raise InputError("one rule reads the error and another the change of the loss; use one kind of feedback")
        if self.uses("post_error") and not self.receives_all:
            raise InputError(
                f"post_error needs the error of all {self.populations[-1].size} outputs, but the channel delivers "
                f"{self.n_received} numbers; use the signal random_feedback, or a square projection"
            )

    @property
    def populations(self) -> tuple[Population, ...]:
        """Populations of the circuit, in their order."""
        return self.circuit.populations

    @property
    def each(self) -> range:
        """Indices of the populations."""
        return range(len(self.populations))

    @property
    def last(self) -> int:
        """Index of the population with the targets."""
        return len(self.populations) - 1

    @property
    def sends_error(self) -> bool:
        """Whether the error of the output goes through the channel."""
        return self.uses("post_error") or self.uses("learning_signal")

    @property
    def is_perturbed(self) -> bool:
        """Whether the change of the loss by noise goes through the channel."""
        return self.uses("loss_difference")

    @property
    def receives_all(self) -> bool:
        """Whether what is received has one number per output."""
        return self.n_received == self.populations[-1].size

    @cached_property
    def noisy_neurons(self) -> list[int]:
        """Populations with noise in their inputs."""
        return sorted({self.ends[k][1] for k in self._using("perturbation")})

    @cached_property
    def noisy_weights(self) -> list[int]:
        """Projections with noise in their weights."""
        return self._using("weight_perturbation")

    @cached_property
    def routed(self) -> list[int]:
        """Populations with feedback weights."""
        return [k for k in self.each if self.populations[k].name in self.circuit.feedback_weights]

    @cached_property
    def limited(self) -> list[int]:
        """Projections with limits beyond the bounds of their rule."""
        return [m for m, limits in enumerate(self.limits) if limits in ("each", "coupled")]

    @cached_property
    def waiting(self) -> dict[int, Deferred]:
        """Projections in which what is collected between ticks can wait, and what that is."""
        found = {m: deferred(rule) for m, rule in self.rules.items() if self.limits[m] == "waits"}
        return {m: late for m, late in found.items() if late is not None}

    @property
    def coupled(self) -> list[int]:
        """Projections whose limits couple synapses."""
        return [m for m, limits in enumerate(self.limits) if limits == "coupled"]

    @cached_property
    def reached(self) -> list[int]:
        """Populations whose backpropagated error is needed: there, or on the way to where it is."""
        needed = {self.ends[m][1] for m in self._using("post_error")}
        while True:
            later = {post for pre, post in self.ends if pre in needed and not self.is_input(post)}
            if later <= needed:
                return sorted(needed)
            needed |= later

    @cached_property
    def ends(self) -> list[tuple[int, int]]:
        """Presynaptic and postsynaptic population of every projection."""
        index = {p.name: k for k, p in enumerate(self.populations)}
        return [(index[p.pre], index[p.post]) for p in self.circuit.projections]

    def arriving(self, population: int) -> list[tuple[int, int]]:
        """Projections into a population, each with its presynaptic population."""
        return [(m, pre) for m, (pre, post) in enumerate(self.ends) if post == population]

    @cached_property
    def sweeps(self) -> list[tuple[Rule, str]]:
        """Rules and kinds of limits that occur, each once: projections may share a function."""
        found: list[tuple[Rule, str]] = []
        for m, rule in self.rules.items():
            key = (rule, self.limits[m])
            if not any(_same_code(key, other) for other in found):
                found.append(key)
        return found

    def sweep_of(self, projection: int) -> int:
        """Which of `sweeps` a projection runs."""
        own = (self.rules[projection], self.limits[projection])
        return next(n for n, key in enumerate(self.sweeps) if _same_code(key, own))

    def is_input(self, population: int) -> bool:
        """Whether the stimulus sets the rates of this population."""
        return population == 0 and self.circuit.stimulus is not None

    def uses(self, name: str) -> bool:
        """Whether a rule reads this local variable."""
        return bool(self._using(name))

    @property
    def slow(self) -> list[int]:
        """Populations with a time constant."""
        return [k for k in self.each if self.populations[k].rate_unit.tau > 0]

    def _check_settling(self, rule: Rule) -> None:
        stimulus, tau = self.circuit.stimulus, max(p.rate_unit.tau for p in self.populations)
        hold = self.dt if stimulus is None or stimulus.hold is None else stimulus.hold
        if hold < SETTLED * tau:
            raise InputError(
                f"rule {rule.name!r} compares the loss with and without noise, but patterns are held for {hold:g} s, "
                f"in which neurons with tau = {tau:g} s do not settle; hold them for {SETTLED * tau:g} s, or use tau=0"
            )

    def _using(self, name: str) -> list[int]:
        return [m for m, rule in self.rules.items() if name in {s.name for s in rule.inputs}]

    def _check(self, k: int, rule: Rule) -> None:
        check_supplied(rule)
        projection = self.circuit.projections[k]
        post = self.populations[self.ends[k][1]]
        asked = [s.name for s in rule.inputs if s.name in FEEDBACK]
        if asked and not self.circuit.has_targets:
            raise InputError(
                f"rule {rule.name!r} of {projection.name!r} asks for {asked[0]}; give the stimulus targets"
            )
        if (
            "learning_signal" in asked
            and post.name not in self.circuit.feedback_weights
            and not (post is self.populations[-1] and self.receives_all)
        ):
            raise InputError(
                f"rule {rule.name!r} of {projection.name!r} asks for learning_signal in {post.name!r}; "
                "give feedback_weights for it"
            )
        if "loss_difference" in asked:
            self._check_settling(rule)
        for p in rule.parameters:
            if p.value is None and p.name not in projection.parameters:
                raise InputError(f"{p.name} of rule {rule.name!r} has no value; use rule.with_parameters({p.name}=…)")


def _same_code(one: tuple[Rule, str], other: tuple[Rule, str]) -> bool:
    return one[1] == other[1] and sweep_source(*one) == sweep_source(*other)


def make_plan(circuit: Circuit, limits: Sequence[Constraint | None], n_received: int, dt: float) -> Plan:
    """Plan of a circuit, with rules on rates, and the limits of every projection beyond the bounds of its rule."""
    rules = {m: on_rates(p.rule) for m, p in enumerate(circuit.projections) if p.rule is not None}
    kinds = tuple(_kind(rules.get(m), constraint) for m, constraint in enumerate(limits))
    return Plan(circuit, rules, kinds, n_received, dt)


def _kind(rule: Rule | None, constraint: Constraint | None) -> str:
    if constraint is not None:
        return "coupled" if constraint.is_coupled else "each"
    return "waits" if rule is not None and deferred(rule) is not None else "none"
