"""Rules and signals of a rate circuit: what its rules read, whether the circuit provides it, what is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from circuits.network.circuit import Circuit, Population
from circuits.neurons.rate_unit import INPUT
from plasticity.compile.brian import NOISE, check_noise
from plasticity.compile.deferred import Deferred, deferred, factors_source
from plasticity.compile.dense import check_supplied, synapse_source
from plasticity.compile.frozen import freezable
from plasticity.compile.generated import python_code
from plasticity.compile.layout import Layout, layout_of
from plasticity.compile.mean_field import counts_spikes, on_rates
from plasticity.compile.native import Signature, address, native
from plasticity.controllability import Constraint
from plasticity.errors import InputError
from plasticity.rule import Rule

SETTLED = 10.0  # time constants in which the loss of a network that was disturbed settles, up to a tenth of the time
FEEDBACK = ("post_error", "learning_signal", "loss_difference")
ACTIVATION = Signature(arrays=("_u", "_into"), integers=("_n", "_slope"))


@dataclass(frozen=True, eq=False)
class Plan:
    """A circuit with the rules that its projections run.

    Parameters
    ----------
    circuit : Circuit
    rules : dict of int to Rule
        Of the projections that learn, by their index; spikes are replaced by rates.
    limits : tuple of str
        Kind of limits of every projection, see `plasticity.compile.dense.synapse_source`.
    n_received : int
        Components of a message that comes out of the feedback channel.
    dt : float
        Time step [s].
    frozen : frozenset of str
        Projections that do not learn, although they have a rule.
    """

    circuit: Circuit
    rules: dict[int, Rule]
    limits: tuple[str, ...]
    n_received: int
    dt: float
    frozen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Check that the circuit provides what the rules read.

        Raises
        ------
        InputError
            Naming rule, projection, variable and remedy.
        """
        for k, rule in self.rules.items():
            self._check(k, rule)
        if self.is_diffusing and self.is_perturbed:
            raise InputError(
                "one rule reads white_noise and another the change of the loss by noise of its own; use another "
                "signal, such as exact_error or random_feedback, or leave white_noise out"
            )
        if self.sends_error and self.is_perturbed:
            raise InputError("one rule reads the error and another the change of the loss; use one kind of feedback")
        if reads(self.rules, "post_error") and not self.receives_all:
            raise InputError(
                f"post_error needs the error of all {self.populations[-1].size} outputs, but the channel delivers "
                f"{self.n_received} numbers; use the signal random_feedback, or a square projection"
            )

    @property
    def populations(self) -> tuple[Population, ...]:
        """Populations of the circuit, in their order."""
        return self.circuit.populations

    @property
    def sends_error(self) -> bool:
        """Whether the error of the output goes through the channel."""
        return bool(reads(self.rules, "post_error") or reads(self.rules, "learning_signal"))

    @property
    def is_perturbed(self) -> bool:
        """Whether the change of the loss by noise goes through the channel."""
        return bool(reads(self.rules, "loss_difference"))

    @property
    def receives_all(self) -> bool:
        """Whether what is received has one number per output."""
        return self.n_received == self.populations[-1].size

    @property
    def is_slow(self) -> bool:
        """Whether a population has a time constant."""
        return any(p.rate_unit.tau > 0 for p in self.populations)

    @cached_property
    def noisy_neurons(self) -> list[int]:
        """Populations with noise in their inputs."""
        return sorted({self.ends[k][1] for k in reads(self.rules, "perturbation")})

    @cached_property
    def noisy_weights(self) -> list[int]:
        """Projections with noise in their weights, by which they estimate a gradient or diffuse."""
        return sorted({*reads(self.rules, "weight_perturbation"), *reads(self.rules, NOISE.name)})

    @property
    def is_diffusing(self) -> bool:
        """Whether there is white noise in the flow of a weight or a state."""
        return bool(reads(self.rules, NOISE.name))

    @cached_property
    def deferred(self) -> dict[int, Deferred]:
        """Products of the projections that collect them between ticks."""
        products = {m: deferred(rule) for m, rule in self.rules.items() if self.limits[m] == "deferred"}
        return {m: product for m, product in products.items() if product is not None}

    @cached_property
    def layouts(self) -> dict[int, Layout]:
        """Where the states of every projection that learns lie."""
        return {m: layout_of(rule) for m, rule in self.rules.items()}

    @cached_property
    def reached(self) -> list[int]:
        """Populations whose backpropagated error is needed: there, or on the way to where it is."""
        needed = {self.ends[m][1] for m in reads(self.rules, "post_error")}
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

    @cached_property
    def counted(self) -> set[int]:
        """Populations whose rates stand for numbers of spikes, at both ends of rules that count them."""
        rules = [p.rule for p in self.circuit.projections]
        return {k for ends, rule in zip(self.ends, rules, strict=True) if rule and counts_spikes(rule) for k in ends}

    def is_input(self, population: int) -> bool:
        """Whether the stimulus sets the rates of this population."""
        return population == 0 and self.circuit.stimulus is not None

    def activations(self) -> list[int]:
        """Addresses of the nonlinearities of all populations."""
        return [address(activation_source(p.rate_unit.rate), "activate") for p in self.populations]

    def synapses(self) -> dict[int, tuple[int, int]]:
        """Addresses of the functions `advance` and `factors` (or 0) of all projections that learn."""
        compiled: dict[tuple[int, str], tuple[int, int]] = {}  # many projections share few rules
        for m, rule in self.rules.items():
            key = (id(rule), self.limits[m])
            if key not in compiled:
                factors = address(factors_source(rule), "factors") if m in self.deferred else 0
                compiled[key] = (address(synapse_source(rule, self.limits[m]), "advance"), factors)
        return {m: compiled[id(rule), self.limits[m]] for m, rule in self.rules.items()}

    def _check_settling(self, rule: Rule) -> None:
        stimulus, tau = self.circuit.stimulus, max(p.rate_unit.tau for p in self.populations)
        hold = self.dt if stimulus is None or stimulus.hold is None else stimulus.hold
        if hold < SETTLED * tau:
            raise InputError(
                f"rule {rule.name!r} compares the loss with and without noise, but patterns are held for {hold:g} s, "
                f"in which neurons with tau = {tau:g} s do not settle; hold them for {SETTLED * tau:g} s, or use tau=0"
            )

    def _check(self, k: int, rule: Rule) -> None:
        check_supplied(rule)
        check_noise(rule)
        projection = self.circuit.projections[k]
        post = self.populations[self.ends[k][1]]
        read = [s.name for s in rule.inputs if s.name in FEEDBACK]
        if read and not self.circuit.has_targets:
            raise InputError(f"rule {rule.name!r} of {projection.name!r} asks for {read[0]}; give the stimulus targets")
        routed = post.name in self.circuit.feedback_weights
        if "learning_signal" in read and not routed and not (post is self.populations[-1] and self.receives_all):
            raise InputError(
                f"rule {rule.name!r} of {projection.name!r} asks for learning_signal in {post.name!r}; "
                "give feedback_weights for it"
            )
        if "loss_difference" in read:
            self._check_settling(rule)
        for p in rule.parameters:
            if p.value is None and p.name not in projection.parameters:
                raise InputError(f"{p.name} of rule {rule.name!r} has no value; use rule.with_parameters({p.name}=…)")


def rules_on_rates(circuit: Circuit) -> dict[int, Rule]:
    """Rules of the projections that learn, with rates instead of spikes, by the index of the projection."""
    mean = {id(p.rule): freezable(on_rates(p.rule)) for p in circuit.projections if p.rule is not None}
    return {m: mean[id(p.rule)] for m, p in enumerate(circuit.projections) if p.rule is not None}


def reads(rules: Mapping[int, Rule], name: str) -> list[int]:
    """Projections whose rules read this local variable."""
    return [m for m, rule in rules.items() if name in {s.name for s in rule.inputs}]


def limit_kind(rule: Rule | None, limits: Constraint | None) -> str:
    """Kind of limits of a projection, which has these limits beyond the bounds of its rule."""
    if limits is not None:
        return "coupled" if limits.is_coupled else "each"
    return "deferred" if rule is not None and deferred(rule) is not None else "none"


def activation_source(rate: sp.Expr) -> str:
    """Text of the function `activate` with the rates φ(u) or, if `_slope` is 1, the slopes φ′(u) of all neurons."""
    lines = []
    for test, expression in (("if _slope == 0:", rate), ("else:", sp.diff(rate, INPUT))):
        lines += [test, "    for _i in range(_n):", f"        {INPUT.name} = _u[_i]"]
        lines.append(f"        _into[_i] = {python_code(expression)}")
    return native("activate", ACTIVATION, lines)
