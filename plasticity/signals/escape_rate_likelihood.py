"""Escape-rate likelihood: the neuron learns to make target spikes likely.

A neuron that fires at random with the rate ρ(v) gives target spikes S* the log likelihood ∫ (S* log ρ − ρ) dt. Its
negative is the loss; with v = Σ_j w_j ε_j the gradient is −(S* − ρ)(ρ'/ρ) ε_j: an error that is fed back to the
neuron, a local factor, and the postsynaptic potential. The Fisher information ρ'²/ρ · ε_j² is local, too.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import CURVATURE, GRADIENT, Parameter, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked

_RHO, _SLOPE, _PSP, _ERROR = (local(n) for n in ("escape_rate", "escape_slope", "pre_psp", "spike_error"))


@checked
def escape_rate_likelihood(feedback_noise: float = 0.0) -> Signal:
    """Gradient ``−spike_error·escape_slope/(escape_rate + feedback_noise²)·pre_psp``.

    Without noise it is the exact gradient of the negative log likelihood. If the error arrives with white noise of
    intensity σ, it has the variance ρ + σ² per unit time: the score of its mean is (S* − ρ)ρ'/(ρ + σ²) ε and the
    information ρ'²/(ρ + σ²) ε² (quasi-likelihood).

    Parameters
    ----------
    feedback_noise : float
        σ ≥ 0 [1/sqrt(s)]: assumed noise of the error, as in `FeedbackChannel`. The error is a spike train: its square
        is defined at clock ticks only.

    Examples
    --------
    >>> escape_rate_likelihood().density
    -escape_slope*pre_psp*spike_error/escape_rate

    References
    ----------
    pfister_2006b; gerstner_2014, chapter 10 (likelihood of a spike train).
    """
    spread = _RHO
    parameters: tuple[Parameter, ...] = ()
    if feedback_noise:
        words = "assumed intensity of the noise of the error, variance × time"
        noise = Parameter("feedback_variance", feedback_noise**2, unit="Hz", meaning=words)
        spread, parameters = _RHO + noise.symbol, (noise,)
    gradient, information = _score_and_information(spread)
    return Signal(
        name="escape_rate_likelihood",
        title="likelihood of target spikes of an escape-rate neuron",
        density=gradient,
        curvature=information,
        curvature_words="the Fisher information of the spike train",
        information_scale=sp.S.One,
        parameters=parameters,
        loss_unit="Hz",
        assumptions=(
            "The neuron fires at random with the escape rate ρ(v).",
            "The loss is minus the log likelihood of target spikes.",
            "The error S* − ρ is fed back to the neuron; the postsynaptic potential is available to the synapse.",
            *(["The error is noisy and weighted by its variance ρ + σ²."] if feedback_noise else []),
        ),
        steps=(
            Step("Gradient of the loss by the weight", sp.Eq(GRADIENT, gradient)),
            Step("Fisher information per unit time", sp.Eq(CURVATURE, information), "mean of the squared gradient"),
        ),
        references=("pfister_2006b", "gerstner_2014"),
    )


def _score_and_information(spread: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Gradient of the loss and Fisher information of a weight, when the error varies by `spread` per unit time.

    The error has the mean S* − ρ(v) and v = Σ w ε. The quasi-likelihood of its mean has the score
    (∂ρ/∂w)(S* − ρ)/spread, and the information (∂ρ/∂w)²/spread.
    """
    v, w = sp.symbols("v w", real=True)
    rate = sp.Function("rho")
    slope = sp.diff(rate(w * _PSP), w)
    by_weight = slope.subs(sp.Derivative(rate(v), v), _SLOPE).doit()
    by_weight = by_weight.replace(lambda e: isinstance(e, sp.Subs | sp.Derivative), lambda e: _SLOPE)
    return -by_weight * _ERROR / spread, by_weight**2 / spread
