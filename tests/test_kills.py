"""Each kind of command, killed at a random time: nothing goes on, nothing is left. `make soak` does it often."""

import os
import sys

import numpy as np
import pytest

from tests.soak.kills import COMMANDS, SIGNALS, kill

LIMIT = 60.0  # s, on a machine under any load; `make soak` measures the five seconds that are promised
LONGEST = {"compile": 9.0}  # s from the start until the kill


@pytest.mark.slow  # starts two or three processes each
@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_killed_command_leaves_no_process_no_pipe_and_no_file(kind, tmp_path):
    seed = [int(os.environ.get("STEERSMAN_TEST_SEED", "0")), list(COMMANDS).index(kind)]
    rng = np.random.default_rng(seed)
    how = SIGNALS[int(rng.integers(len(SIGNALS)))]
    outcome = kill(kind, tmp_path, float(rng.uniform(0.2, LONGEST.get(kind, 3.0))), how, LIMIT)
    assert outcome.is_clean, (how.name, outcome)
