"""Which spikes a trace counts is an assumption like any other: errors of best fits with equally many free parameters.

The numbers are those of an independent search over the same rules; a fit may only be better than them.
"""

import pytest

from analysis.fit import fit
from plasticity.rules.curvature_bcm import curvature_bcm
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.rules.triplet_stdp import triplet_stdp

ALL, NEAREST = "all_to_all", "nearest_spike"
HIPPOCAMPUS = ("A2_plus", "A3_plus", "A2_minus", "tau_plus", "tau_y")
START = {"A2_plus": 5e-3, "A3_plus": 8e-3, "A2_minus": 3.5e-3, "tau_y": 0.04}


@pytest.mark.paper
@pytest.mark.parametrize(
    ("pre", "post", "error"), [(ALL, ALL, 2.456), (NEAREST, NEAREST, 1.761), (NEAREST, ALL, 1.608)]
)
def test_hippocampus_with_five_free_parameters(pre, post, error):
    rule = triplet_stdp(**START, pre_interaction=pre, post_interaction=post)
    assert fit(rule, "wang_2005", free=HIPPOCAMPUS, n_starts=4).error == pytest.approx(error, abs=1e-3)


@pytest.mark.paper
@pytest.mark.parametrize(
    ("free", "error"),
    [(("A3_plus", "A2_minus", "tau_y"), 0.304), (("A3_plus", "A2_minus", "tau_plus", "tau_minus", "tau_y"), 0.194)],
)
def test_visual_cortex_needs_no_pair_potentiation(free, error):
    rule = triplet_stdp(A2_plus=0.0, pre_interaction=NEAREST, post_interaction=ALL)
    assert fit(rule, "sjostrom_2001", free=free, n_starts=4).error == pytest.approx(error, abs=1e-3)


@pytest.mark.paper
def test_the_bcm_objective_needs_a_pair_objective_in_hippocampus():
    """Derived rules with the same traces and five free parameters: without the pair objective 4.4, with it 1.608."""
    traces = {"pre_interaction": NEAREST, "post_interaction": ALL, "slow_interaction": ALL}
    free = ("learning_rate", "threshold", "tau_plus", "tau_minus", "tau_y")
    assert fit(derived_bcm(**traces), "wang_2005", free=free, n_starts=4).error == pytest.approx(4.4435, abs=1e-3)
    paired = derived_bcm(**traces, pair=25.0, tau_y=0.05, tau_plus=0.04)
    free = ("learning_rate", "threshold", "pair", "tau_plus", "tau_y")
    assert fit(paired, "wang_2005", free=free, n_starts=4).error == pytest.approx(1.608, abs=1e-3)


@pytest.mark.paper
@pytest.mark.parametrize("tau_curvature", [0.3, 1.0, 3.0])
def test_a_curvature_belief_buys_the_hippocampus(tau_curvature):
    """Five free parameters, published window time constants: below the 1.608 of the triplet rule with five."""
    rule = curvature_bcm(1e-4, 2.0, tau_curvature=tau_curvature, pair=5.0, tau_y=0.03)
    free = ("plasticity", "discount", "threshold", "pair", "tau_y")
    bounds = {"discount": (0.01, 1e6), "plasticity": (1e-8, 1e3)}
    assert fit(rule, "wang_2005", free=free, bounds=bounds, n_starts=4).error < 1.45


@pytest.mark.paper
def test_a_curvature_belief_does_not_buy_the_visual_cortex():
    """With five free parameters it stays behind the triplet rule's 0.194."""
    free = ("plasticity", "discount", "threshold", "tau_minus", "tau_y")
    bounds = {"discount": (0.01, 1e6), "plasticity": (1e-8, 1e3)}
    assert fit(curvature_bcm(), "sjostrom_2001", free=free, bounds=bounds, n_starts=4).error > 0.2
