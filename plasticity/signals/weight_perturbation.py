"""Weight perturbation: noise in the weights, correlated with the resulting change of the loss.

Every synapse adds independent noise ξ_ij to its weight. One number is broadcast, the loss with the noise minus the
loss without; (L_ξ − L_0) ξ_ij/σ² has the mean ∂L/∂w_ij, up to a bias of order σ². No knowledge of the network is
needed, but the variance grows with the number of synapses.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Parameter, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def weight_perturbation(noise_std: float = 0.01) -> Signal:
    """Estimate ``loss_difference·weight_perturbation/noise_std²`` of the gradient.

    The curvature is the mean of the second differences ``loss_difference·(weight_perturbation² −
    noise_std²)/noise_std⁴``, up to a bias of order σ².

    Parameters
    ----------
    noise_std : float
        σ > 0 [1]: standard deviation of the noise in every weight.

    Examples
    --------
    >>> weight_perturbation().density
    loss_difference*weight_perturbation/noise_std**2

    References
    ----------
    cauwenberghs_1993; werfel_2005 (comparison with node perturbation).
    """
    change, noise = local("loss_difference"), local("weight_perturbation")
    std = Parameter("noise_std", noise_std, meaning="noise in a weight", positive=True)
    density = change * noise / std.symbol**2
    second = change * (noise**2 - std.symbol**2) / std.symbol**4  # ⟨noise⁴⟩ = 3 noise_std⁴
    return Signal(
        name="weight_perturbation",
        title="loss change by noise in the weights",
        density=density,
        curvature=second,
        curvature_words="second differences of the loss by the noise",
        curvature_caution=(
            "A second difference of the loss is noisy: its variance is about twice the squared gradient of the loss by "
            "all noise together, over noise_std², so that it takes a long memory."
        ),
        curvature_is_signed=True,
        parameters=(std,),
        loss_unit="Hz**2",
        assumptions=(
            "The noise in its weight is available to every synapse.",
            "One number is broadcast: the loss with the noise minus the loss without; small noise.",
        ),
        steps=(
            Step("Change of the loss", sp.Eq(change, noise * sp.Symbol("dL/dw")), "summed over synapses, first order"),
            Step("Its correlation with the noise", sp.Eq(GRADIENT, density), "mean ∂L/∂w: ⟨noise²⟩ = noise_std²"),
        ),
        references=("cauwenberghs_1993", "werfel_2005"),
    )
