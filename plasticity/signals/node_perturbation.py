"""Node perturbation: noise in the inputs of neurons, correlated with the resulting change of the loss.

Every neuron adds independent noise ξ_i to its input. One number is broadcast, the loss with the noise minus the loss
without. To first order L_ξ − L_0 = Σ_i ξ_i ∂L/∂u_i, so (L_ξ − L_0) ξ_i r_j/σ² has the mean ∂L/∂w_ij; the bias is of
order σ². The variance grows with the number of neurons that are perturbed at once.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Parameter, Step
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def node_perturbation(noise_std: float = 0.01) -> Signal:
    """Estimate ``loss_difference·perturbation·pre_rate/noise_std²`` of the gradient.

    The curvature is the mean of the second differences ``loss_difference·(perturbation² −
    noise_std²)·pre_rate²/noise_std⁴``, up to a bias of order σ².

    Parameters
    ----------
    noise_std : float
        σ > 0 [Hz]: standard deviation of the noise in the input of every neuron.

    Examples
    --------
    >>> node_perturbation().density
    loss_difference*perturbation*pre_rate/noise_std**2

    References
    ----------
    werfel_2005.
    """
    rate, change, noise = (local(name) for name in ("pre_rate", "loss_difference", "perturbation"))
    std = Parameter("noise_std", noise_std, unit="Hz", meaning="noise in the input of a neuron", positive=True)
    density = change * noise * rate / std.symbol**2
    second = change * (noise**2 - std.symbol**2) / std.symbol**4  # ⟨noise⁴⟩ = 3 noise_std⁴
    return Signal(
        name="node_perturbation",
        title="loss change by noise in the neurons",
        density=density,
        curvature=second * rate**2,
        curvature_words="second differences of the loss by the noise",
        curvature_caution=(
            "A second difference of the loss is noisy: its variance is about twice the squared gradient of the loss by "
            "all noise together, over noise_std², so that it takes a long memory."
        ),
        curvature_is_signed=True,
        parameters=(std,),
        loss_unit="Hz**2",
        assumptions=(
            "The noise in its input is available to every neuron.",
            "One number is broadcast: the loss with the noise minus the loss without; small noise.",
        ),
        steps=(
            Step("Change of the loss", sp.Eq(change, noise * sp.Symbol("dL/du")), "summed over neurons, first order"),
            Step("Its correlation with the noise", sp.Eq(GRADIENT, density), "mean ∂L/∂w: ⟨noise²⟩ = noise_std²"),
        ),
        references=("werfel_2005",),
    )
