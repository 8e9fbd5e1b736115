"""Wrong inputs: what no function can use is refused, with an `InputError` that names the argument, before it computes.

Every case carries its class beforehand. Each argument gets all the values of its kind that are wrong for it.
"""

import datetime
import inspect

import numpy as np
import pytest

from plasticity import Objective, derive, poisson_trains, replay, simulate, solve
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.pair_stdp import pair_stdp

INFINITE = float("inf")
NO_NUMBER = [
    None,
    True,
    "1",
    b"1",
    "",
    1j,
    float("nan"),
    INFINITE,
    10**400,
    [],
    {},
    object(),
    datetime.date.today(),
]
NO_NUMBER += [datetime.date(2020, 1, 1)]
NO_NUMBER += [np.timedelta64(10, "ms"), np.datetime64("2020-01-01"), np.array(["a"]), np.ma.masked_array([1.0], [True])]
NO_COUNT = [*NO_NUMBER, -1, 1.5, -(10**400)]
NO_SEED = [*NO_COUNT]
NOT_POSITIVE = [*NO_NUMBER, 0, -1.0]
NO_TRAIN = [None, "0.1", 0.1, [[0.1]], [-0.1], [0.2, 0.1], [0.1, 0.1], [np.nan], [np.inf], ["a"], [1j], [10**400]]
NO_TRAIN += [np.array([10], "timedelta64[ms]"), np.array(["2020"], "datetime64[s]"), np.array([True]), [object()]]
NO_TRAIN += [np.ma.masked_array([0.1], [True])]
NO_RECORD = [None, "pair_stdp", pair_stdp, 3, 0.5, [], {}, object(), True]

BOWL = Quadratic([1.0], [0.0])
DESCENT = gradient_descent()
CALLS = {
    replay: {"rule": pair_stdp(), "pre_spikes": [0.1], "post_spikes": [0.2]},
    simulate: {"rule": DESCENT, "landscape": BOWL, "start": [1.0], "n_steps": 2, "dt": 0.1},
    poisson_trains: {"rates": 10.0, "n": 1, "duration": 0.1},
    solve: {"objective": Objective(0.5), "landscape": BOWL},
    derive: {"objective": Objective(0.5)},
    Objective: {"discount": 0.5},
}
WRONG = {
    replay: {
        "rule": NO_RECORD,
        "pre_spikes": NO_TRAIN,
        "post_spikes": NO_TRAIN,
        "third_factor": NO_TRAIN,
        "weight": NO_NUMBER,
        "duration": [*NO_NUMBER[1:], 0.1, -1],
    },
    simulate: {
        "rule": NO_RECORD,
        "landscape": NO_RECORD,
        "start": [*NO_NUMBER, [[1.0, 2.0]], [np.nan], ["a"], [1j], [[[1.0]]]],
        "n_steps": [*NO_COUNT, 0],
        "dt": NOT_POSITIVE,
        "gradient_noise": [*NO_NUMBER, -1.0],
        "seed": NO_SEED,
        "n_trials": [*NO_COUNT, 0],
        "record_every": [*NO_COUNT, 0],
        "feedback": NO_RECORD[1:],
        "controllability": NO_RECORD[1:],
    },
    poisson_trains: {
        "rates": [*NO_NUMBER, -1.0, 1e6, [1.0, 2.0], [[1.0]], "fast"],
        "n": NO_COUNT,
        "duration": [*NO_NUMBER, -1],
        "dt": NOT_POSITIVE,
        "seed": NO_SEED,
        "name": [],
    },
    solve: {"objective": NO_RECORD, "landscape": NO_RECORD, "belief": NO_RECORD[1:]},
    derive: {
        "objective": NO_RECORD,
        "gradient_belief": NO_RECORD[1:],
        "curvature_belief": NO_RECORD[1:],
        "optimum_belief": NO_RECORD[1:],
        "weight_belief": NO_RECORD[1:],
        "duration": [*(v for v in NO_NUMBER[1:] if v is not INFINITE), 0, -1.0],  # inf is the limit, as sympy.oo
        "order": [*NO_NUMBER, 0, 3, 1.5],
    },
    Objective: {
        "discount": [*NO_NUMBER, -1.0],
        "plasticity": NOT_POSITIVE,
        "loss_weight": NOT_POSITIVE,
        "hazard": [*NO_NUMBER, -1.0],
        "task_prior": NO_RECORD[1:],
        "metric": ["1", b"1", 1j, np.nan, np.inf, 10**400, 0.0, -1.0, [[1.0, 2.0]], object()],
        "drift": ["1", b"1", 1j, np.nan, np.inf, 10**400, [[1.0, 2.0]], object()],
        "control": ["1", b"1", 1j, np.nan, np.inf, 10**400, 1.0, [1.0], object()],
        "prior_mean": ["1", b"1", 1j, np.nan, np.inf, 10**400, {}, object()],
    },
}
WITHOUT_WRONG_VALUES = {(poisson_trains, "name")}  # any text names a stream; others are turned into text


@pytest.mark.parametrize(
    ("function", "name"), [(f, n) for f, of in WRONG.items() for n in of], ids=lambda x: getattr(x, "__name__", x)
)
def test_wrong_values_are_refused(function, name):
    failures = []
    for value in WRONG[function][name]:
        try:
            function(**CALLS[function] | {name: value})
        except InputError:
            continue
        except Exception as error:
            failures.append((repr(value)[:40], type(error).__name__, str(error)[:80]))
        else:
            failures.append((repr(value)[:40], "accepted"))
    assert not failures


@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_every_parameter_has_wrong_values(function):
    """Read from the signature, so that a new parameter comes with its cases: eight classes at least."""
    for name in inspect.signature(function).parameters:
        assert len(WRONG[function][name]) >= 8 or (function, name) in WITHOUT_WRONG_VALUES


@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_the_right_values_beside_them_are_accepted(function):
    function(**CALLS[function])
