"""The delta rule at a plateau: closed form, target, and what it predicts for the published ramps."""

import numpy as np
import pytest

from analysis.fit import fit
from plasticity import replay
from plasticity.rules.derived_plateau import derived_plateau
from plasticity.support.units import seconds


def change(rule, time, weight):
    pre, third = ([0.0], [-time]) if time < 0 else ([time], [0.0])
    return float(replay(rule, pre, [], weight, third_factor=third).weight[-1]) - weight


@pytest.mark.parametrize(("time", "fast"), [(-2.0, 1.5), (2.0, 1.1)])
@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_change_in_closed_form(time, fast, weight):
    rule = derived_plateau(0.8, level=9.0, tau_eligibility=1.5, tau_instructive=1.1, tau_slow=4.0)
    expected = 0.8 * (9.0 * np.exp(-2.0 / fast) - weight * np.exp(-2.0 / 4.0))
    assert change(rule, time, weight) == pytest.approx(expected, rel=1e-12)


def test_repeated_plateaus_drive_the_weight_to_a_target_that_does_not_depend_on_the_start():
    """The fixed point is level·fast/slow; each lap shrinks the distance by 1 − κ e^{−t/tau_slow}."""
    rule = derived_plateau(0.5)
    target = 10.0 * np.exp(-1.0 / 1.5 + 1.0 / 4.0)
    laps = seconds(60.0 * np.arange(40))  # a lap of a minute: the traces of the last one have gone (e^{−15})
    for start in (0.0, 12.0):
        ds = replay(rule, laps, [], start, third_factor=laps + 1.0)
        assert float(ds.weight[-1]) == pytest.approx(target, rel=1e-5)


@pytest.mark.paper
def test_five_parameters_describe_ramps_of_all_initial_sizes():
    """Milstein et al. 2021, 65 bins: E = 1.22 where the two-trace model with nine free parameters leaves 1.24."""
    free = ("learning_rate", "level", "tau_eligibility", "tau_instructive", "tau_slow")
    bounds = {"learning_rate": (0.01, 1.0), "level": (1.0, 50.0), **dict.fromkeys(free[2:], (0.1, 30.0))}
    fitted = fit(derived_plateau(), "milstein_2021", free=free, bounds=bounds, n_starts=2)
    assert fitted.error < 1.25
    assert not fitted.at_bound
    assert fitted.parameters["tau_slow"] > 2 * fitted.parameters["tau_eligibility"]
    assert fitted.parameters["tau_eligibility"] > fitted.parameters["tau_instructive"]
