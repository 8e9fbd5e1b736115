"""Calcium rule: the weight grows while calcium is above one threshold and shrinks while it is above another.

Every spike adds calcium, which decays. With ρ = w/w_scale between 0 and 1,
τ dρ/dt = γ_p (1 − ρ) Θ(c − θ_p) − γ_d ρ Θ(c − θ_d): the mean of the published model during stimulation. Its noise,
σ √(τ (Θ(c − θ_p) + Θ(c − θ_d))) ξ(t), and its slow double well, −ρ (1 − ρ) (ρ_* − ρ), which determine the final state
of a single synapse, are an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import sympy as sp

from plasticity.errors import UnknownNameError
from plasticity.rule import WEIGHT, Parameter, Rule, State, Update, time_constant
from plasticity.support.checks import checked

# tau_calcium [ms], pre_calcium (C_pre of the paper), post_calcium (C_post), theta_d, theta_p, gamma_d, gamma_p,
# tau_weight [s], delay of the pre calcium [ms]: graupner_2012, as tabulated in public code
SETS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "DP": (20.0, 1.0, 2.0, 1.0, 1.3, 200.0, 321.808, 150.0, 13.7),
        "DPD": (20.0, 0.9, 0.9, 1.0, 1.3, 250.0, 550.0, 150.0, 4.6),
        "DPD_prime": (20.0, 1.0, 2.0, 1.0, 2.5, 50.0, 600.0, 150.0, 2.2),
        "P": (20.0, 2.0, 2.0, 1.0, 1.3, 160.0, 257.447, 150.0, 0.0),
        "D": (20.0, 0.6, 0.6, 1.0, 1.3, 500.0, 550.0, 150.0, 0.0),
        "D_prime": (20.0, 1.0, 2.0, 1.0, 3.5, 60.0, 600.0, 150.0, 0.0),
        "hippocampal_slices": (48.8373, 1.0, 0.275865, 1.0, 1.3, 313.0965, 1645.59, 688.355, 18.8008),
        "hippocampal_cultures": (11.9536, 0.58156, 1.76444, 1.0, 1.3, 61.141, 113.6545, 33.7596, 10.0),
        "cortical_slices": (22.6936, 0.5617539, 1.23964, 1.0, 1.3, 331.909, 725.085, 346.3615, 4.6098),
    }
)
NOISE: Mapping[str, float] = MappingProxyType(  # sigma of the same sets, from the authors' program
    {
        "DP": 2.8284,
        "DPD": 2.8284,
        "DPD_prime": 2.8284,
        "P": 2.8284,
        "D": 5.6568,
        "D_prime": 2.8284,
        "hippocampal_slices": 9.1844,
        "hippocampal_cultures": 2.5654,
        "cortical_slices": 3.3501,
    }
)
RHO_STAR = 0.5  # efficacy between the two wells, the same in all sets


@checked
def graupner_calcium(
    parameter_set: str = "cortical_slices", initial_efficacy: float = 0.5, stochastic: bool = False
) -> Rule:
    """Calcium rule: ``dw/dt = (gamma_p (w_max − w) [c > theta_p] − gamma_d w [c > theta_d])/tau_weight``.

    ``calcium`` jumps by `post_calcium` at a post spike and by `pre_calcium` a time `pre_delay` after a pre spike. The
    weight starts at 1, which stands for the efficacy ρ_0 = `initial_efficacy`, so that w_max = 1/ρ_0.

    Parameters
    ----------
    parameter_set : str
        Name of a published set, see `SETS`: three fits to data, or a shape of the window such as "DP".
    initial_efficacy : float
        ρ_0 in (0, 1): 0.5 is the mean of a population of which half is potentiated.
    stochastic : bool
        Whether the weight has the noise and the double well of the published model, so that single synapses end near
        ρ = 0 or ρ = 1, the weights 0 and w_max; such a rule runs in spiking circuits.

    Examples
    --------
    >>> graupner_calcium("DP").values["pre_delay"]
    0.0137

    References
    ----------
    graupner_2012
    """
    if parameter_set not in SETS:
        raise UnknownNameError("parameter set of the calcium rule", parameter_set, SETS)
    tau, c_pre, c_post, theta_d, theta_p, gamma_d, gamma_p, tau_weight, delay = SETS[parameter_set]
    decay = time_constant("tau_calcium", 1e-3 * tau, "decay of calcium")
    slow = time_constant("tau_weight", tau_weight, "time constant of the weight")
    jumps = (
        Parameter("pre_calcium", c_pre, meaning="calcium of a pre spike"),
        Parameter("post_calcium", c_post, meaning="calcium of a post spike"),
    )
    levels = (
        Parameter("theta_d", theta_d, meaning="calcium above which the weight shrinks", positive=True),
        Parameter("theta_p", theta_p, meaning="calcium above which the weight grows", positive=True),
    )
    strengths = (
        Parameter("gamma_d", gamma_d, meaning="strength of depression"),
        Parameter("gamma_p", gamma_p, meaning="strength of potentiation"),
    )
    start = Parameter("initial_efficacy", initial_efficacy, meaning="efficacy ρ_0 for w = 1", high=1.0, positive=True)
    wait = Parameter("pre_delay", 1e-3 * delay, unit="s", meaning="delay of the calcium of a pre spike")
    calcium = sp.Symbol("calcium", real=True)
    growth = strengths[1].symbol * (1 / start.symbol - WEIGHT) * sp.Heaviside(calcium - levels[1].symbol)
    loss = strengths[0].symbol * WEIGHT * sp.Heaviside(calcium - levels[0].symbol)
    rule = Rule(
        name="graupner_calcium",
        title=f"Calcium rule, {parameter_set.replace('_', ' ')}",
        weight_flow=(growth - loss) / slow.symbol,
        states=(State("calcium", -calcium / decay.symbol, meaning="calcium, in units of theta_d = 1"),),
        events={
            "post": (Update("calcium", calcium + jumps[1].symbol),),
            "pre_delayed": (Update("calcium", calcium + jumps[0].symbol),),
        },
        parameters=(decay, *jumps, *levels, *strengths, slow, start, wait),
        assumptions=(
            "Calcium adds up linearly; the weight depends on whether it is above each of two thresholds.",
            "The mean over many synapses during stimulation: without noise and without the slow double well.",
        ),
        references=("graupner_2012",),
        cautions=(
            "The published fits to data use the noise, the double well and a readout by the share of potentiated "
            "synapses; this mean reproduces the signs and the shape of their windows, not the amplitudes.",
        ),
    )
    return _stochastic(rule, NOISE[parameter_set]) if stochastic else rule


def _stochastic(rule: Rule, sigma: float) -> Rule:
    """Rule with the noise and the double well of single synapses: ρ = initial_efficacy·w."""
    by_name = {p.name: p.symbol for p in rule.parameters}
    start, slow = by_name["initial_efficacy"], by_name["tau_weight"]
    noise = Parameter("sigma", sigma, meaning="strength of the noise")
    middle = Parameter("rho_star", RHO_STAR, meaning="efficacy between the two wells", high=1.0)
    calcium, efficacy = rule.states[0].symbol, start * WEIGHT
    above = sum(sp.Heaviside(calcium - by_name[theta]) for theta in ("theta_d", "theta_p"))
    well = -efficacy * (1 - efficacy) * (middle.symbol - efficacy) / (start * slow)
    diffusion = noise.symbol / start * sp.sqrt(above / slow) * sp.Symbol("white_noise")
    return replace(
        rule,
        title=f"{rule.title}, single synapses",
        weight_flow=rule.weight_flow + well + diffusion,
        parameters=(*rule.parameters, noise, middle),
        assumptions=(
            rule.assumptions[0],
            "Noise is white while calcium is above a threshold; without calcium the weight rests in one of two wells.",
        ),
        cautions=(),
    )
