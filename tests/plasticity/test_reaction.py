"""Whether a rule can change its weight, against replay."""

import numpy as np
import pytest

from plasticity import replay, rules
from plasticity.reaction import can_change

ON_SPIKES = [n for n in rules.names() if {"pre", "post", "third_factor"} & set(rules.load(n)().events)]
CASES = [
    (name, present)
    for name in ON_SPIKES
    for present in (("pre", "post"), ("pre", "post", "third_factor"), ("pre",), ())
    if "third_factor" not in present or "third_factor" in rules.load(name)().events
]
TIMES = np.arange(1, 30) * 0.02


@pytest.mark.parametrize(("name", "present"), CASES)
def test_it_agrees_with_replay(name, present):
    """A rule that cannot change keeps its weight to the last bit; of the others, pairs at 50 Hz move every one."""
    rule = rules.load(name)()
    trains = {event: TIMES + shift if event in present else [] for event, shift in (("pre", 0.0), ("post", 0.005))}
    third = TIMES + 0.008 if "third_factor" in present else ()
    final = float(replay(rule, trains["pre"], trains["post"], third_factor=third, duration=2.0).weight[-1])
    if not can_change(rule, present):
        assert final == 1.0
    elif present in (("pre", "post"), ("pre", "post", "third_factor")):
        assert final != 1.0
