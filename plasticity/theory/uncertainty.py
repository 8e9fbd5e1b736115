"""Synapse with an uncertain weight: natural-gradient descent of the mean and variance of a Gaussian belief.

The synapse holds a Gaussian belief N(w; m, s²) about its weight; the cost of changing it is measured in the Fisher
metric of that Gaussian. The expected loss is E L ≈ L(m) + ½ v s², so mean and variance are two weights in a
diagonal metric, each with the optimal control of one weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.belief import GaussianWeight
from plasticity.fisher import fisher_information, gaussian_mean
from plasticity.rule import CURVATURE, GRADIENT, Parameter, State, Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.control import LocalProblem, optimal_control
from plasticity.theory.estimation import Inference

VARIANCE = sp.Symbol("belief_variance", nonnegative=True)
_W, _M = sp.symbols("omega m", real=True)
_S = sp.Symbol("S", positive=True)
_LOG_DENSITY = -((_W - _M) ** 2) / (2 * _S) - sp.log(2 * sp.pi * _S) / 2


@dataclass(frozen=True)
class UncertainWeight:
    """Control of the mean of the belief (the weight), and the state of its variance."""

    control: sp.Expr
    inference: Inference
    steps: tuple[Step, ...]


def uncertain_weight(belief: GaussianWeight) -> UncertainWeight:
    """Optimal control of a Gaussian belief: ``dw/dt = −(ηk/γ) s² g``, ``ds²/dt = −(ηk/γ) s⁴ v`` at short horizon.

    Examples
    --------
    >>> uncertain_weight(GaussianWeight(0.25)).inference.states[0].flow
    -belief_variance**2*curvature*loss_weight*plasticity/discount + process_noise
    """
    fisher, expected = _gaussian()
    mean = optimal_control(LocalProblem(metric=(fisher[0, 0],)))
    by_variance = LocalProblem(
        metric=(fisher[1, 1],), gradient=sp.diff(expected, _S), curvature=sp.diff(expected, _S, 2)
    )
    variance = optimal_control(by_variance)
    noise = Parameter("process_noise", belief.process_noise, unit="Hz", meaning="growth of uncertainty")
    here = {_S: VARIANCE}
    state = State(
        "belief_variance",
        sp.cancel(variance.control.subs(here)) + noise.symbol,
        initial=belief.variance,
        meaning="variance of the weight",
        estimates="weight",
        nonnegative=True,
    )
    inference = Inference(
        (state,),
        (noise,),
        assumptions=(
            "The synapse holds a Gaussian belief about its weight; w is the mean.",
            "The cost of changing the belief is its squared speed in the Fisher metric of the Gaussian.",
        ),
        cautions=(
            "The expected loss is linear in the variance, so there is no limit of a long horizon.",
            "A negative curvature would let the variance grow without bound.",
        ),
        references=("amari_1998", "aitchison_2021"),
    )
    steps = (
        Step("Log density of the belief", sp.Eq(sp.Symbol("log_density"), _LOG_DENSITY)),
        Step("Fisher matrix of (m, S)", fisher),
        Step("Expected loss", sp.Eq(sp.Symbol("E_L"), expected), "the loss to second order about m"),
        *mean.steps,
        Step("Variance", sp.Eq(sp.Symbol("d_belief_variance/dt"), state.flow), "by the same equations"),
    )
    return UncertainWeight(mean.control.subs(here), inference, steps)


@cached_algebra
def _gaussian() -> tuple[sp.Matrix, sp.Expr]:
    """Fisher matrix of a Gaussian in its mean and variance, and the expected loss."""
    mean = gaussian_mean(_W, _M, _S)
    here = sp.Symbol("m_0", real=True)
    loss = GRADIENT * (_W - here) + CURVATURE * (_W - here) ** 2 / 2
    expected = sp.collect(mean(loss), CURVATURE)
    return fisher_information(_LOG_DENSITY, (_M, _S), mean), expected
