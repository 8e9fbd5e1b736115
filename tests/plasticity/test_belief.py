"""Records of beliefs: what they admit and how they answer what they do not."""

import numpy as np
import pytest

from plasticity.belief import FadingMemory, GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError


def test_components_get_their_own_values():
    belief = OrnsteinUhlenbeck(np.array([0.5, 20.0]), 2.0, 0.3, mean=(0.0, 1.0))
    assert (belief.n, belief.stationary_std, belief.mean) == (2, (2.0, 2.0), (0.0, 1.0))
    assert OrnsteinUhlenbeck(1.0, 1.0, 1.0).n == 1


def test_records_are_values():
    task = SwitchingTask(0.5, np.zeros(2), np.eye(2), 0.1)
    assert task == SwitchingTask(0.5, (0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)), 0.1)
    assert len({task, SwitchingTask(0.4, np.zeros(2), np.eye(2), 0.1)}) == 2


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: FadingMemory(), "decay"),
        (lambda: FadingMemory(decay=0.9, time_constant=1.0), "decay"),
        (lambda: FadingMemory(decay=1.0), "decay"),
        (lambda: FadingMemory(time_constant=0.0), "time_constant"),
        (lambda: FadingMemory(decay=0.9, initial="one"), "initial"),
        (lambda: OrnsteinUhlenbeck(-1.0, 1.0, 1.0), "time_constant"),
        (lambda: OrnsteinUhlenbeck((1.0, 2.0), (1.0, 2.0, 3.0), 1.0), "components"),
        (lambda: OrnsteinUhlenbeck((1.0, "x"), 1.0, 1.0), r"time_constant\[1\]"),
        (lambda: OrnsteinUhlenbeck(1.0, 0.0, 1.0), "stationary_std"),
        (lambda: OrnsteinUhlenbeck(1.0, 1.0, 0.0), "observation_noise"),
        (lambda: GaussianWeight(0.0), "variance"),
        (lambda: GaussianWeight(1.0, -1.0), "process_noise"),
        (lambda: SwitchingTask(-1.0, 0.0, 1.0, 0.1), "hazard"),
        (lambda: SwitchingTask(1.0, 0.0, ((1.0, 0.0), (0.0, -1.0)), 0.1), "prior_covariance"),
        (lambda: SwitchingTask(1.0, (), 1.0, 0.1), "prior_mean"),
    ],
)
def test_a_wrong_value_is_named(make, named):
    with pytest.raises(InputError, match=named):
        make()
