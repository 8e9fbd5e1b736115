"""The record of a signal: how a synapse observes the gradient of the loss through the spikes that it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from plasticity.errors import InputError
from plasticity.rule import Parameter, State, Step, Update


@dataclass(frozen=True)
class Signal:
    """Observation model: the gradient ∂L/∂w as a density plus a train of impulses at events.

    Parameters
    ----------
    name, title : str
        Catalogue name, and what the signal is in one line.
    gradient : mapping of str to sympy expression
        Impulses of ∂L/∂w [loss·s] at ``"pre"`` and ``"post"`` spikes: ĝ(t) = density + Σ impulse · δ(t − t_event).
    density : sympy expression
        Continuous part of the gradient [loss], in terms of `states` and of local variables (`plasticity.local`).
    information_scale : sympy expression or None
        What turns a squared impulse into information (curvature) [loss·s per (loss·s)²]: for a log likelihood of a
        point process it is 1, since its Fisher information per unit time is the mean of Σ impulse² δ(t − t_event).
        None: the signal does not say how a squared gradient is read.
    curvature : sympy expression or None
        ∂²L/∂w² [loss] in local variables, where a synapse can know it; None: it cannot.
    states : tuple of State
        Traces and beliefs that the impulses use.
    events : mapping of str to tuple of Update
        What the events do to these states, after the impulses were read.
    parameters : tuple of Parameter
    loss_unit : str
        Unit of the loss, such as ``"Hz**3"``.
    assumptions, steps, references
        As in `plasticity.rule.Rule`.
    """

    name: str
    title: str
    gradient: Mapping[str, sp.Expr] = field(default_factory=dict)
    density: sp.Expr = sp.S.Zero
    information_scale: sp.Expr | None = None
    curvature: sp.Expr | None = None
    states: tuple[State, ...] = ()
    events: Mapping[str, tuple[Update, ...]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    loss_unit: str = "1"
    assumptions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    references: tuple[str, ...] = ()


def impulse(density: sp.Expr, rate: sp.Symbol, estimates: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Read a product of rates at the spikes of one of them: that factor becomes the spike, the others estimates.

    ``density`` is a monomial with the factor ``rate``; since ⟨Σδ(t − t_spike)⟩ = rate, a jump by
    ``density/rate`` at every spike has the mean ``density``.

    Parameters
    ----------
    density : sympy expression
        Product of rates.
    rate : sympy.Symbol
        The rate whose spikes trigger the reading.
    estimates : mapping of Symbol to expression
        What stands for every remaining rate.

    Raises
    ------
    InputError
        If `density` has no factor `rate`, or a rate has no estimate.

    Examples
    --------
    >>> x, y, trace = sp.symbols("x y trace")
    >>> impulse(-x * y**2, y, {x: trace, y: trace})
    -trace**2
    """
    rest = sp.cancel(density / rate)
    if sp.denom(sp.together(rest)).has(rate):
        raise InputError(f"{density} has no factor {rate}, so it cannot be read at its spikes")
    return sp.expand(rest.subs(estimates, simultaneous=True))
