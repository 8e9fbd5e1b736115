"""Scenarios from Python: parameters are checked, runs can be repeated, files hold what is needed."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

import scenarios
from plasticity.dataset import check_schema, write
from plasticity.errors import InputError, UnknownNameError
from plasticity.protocols import pairing
from plasticity.replay import final_weights
from plasticity.rules.triplet_stdp import triplet_stdp
from scenarios.running.parameters import make, parameter

QUICK = {"frequencies": (20.0, 50.0), "n_pairs": 5}


@dataclass(frozen=True)
class Example:
    rate: float = parameter(1.0, "Hz", "a rate", low=0.5, high=10)
    count: int = parameter(3, "1", "a count", low=1)
    flag: bool = parameter(False, "1", "a switch")
    kind: str = parameter("a", "1", "a choice", choices=("a", "b"))
    lags: tuple[float, ...] = parameter((0.1,), "s", "some lags", low=-1, high=1)
    others: tuple[float, ...] = parameter((1.0,), "s", "some times, or none", may_be_empty=True)
    bound: float | None = parameter(None, "1", "perhaps a number")
    extra: dict = parameter({}, "1", "names with values")


def test_texts_become_values_of_the_type_of_the_field():
    given = {"rate": "2.5", "count": "4", "flag": "true", "kind": "b", "lags": "0.1,-0.2", "bound": "3"}
    made = make(Example, given | {"extra.tau": "0.5", "extra.name": "x"})
    assert made == Example(2.5, 4, True, "b", (0.1, -0.2), bound=3.0, extra={"tau": 0.5, "name": "x"})
    assert make(Example, {"others": ""}).others == make(Example, {"others": ()}).others == ()
    assert make(Example, {"bound": "none"}) == Example()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate", "fast", "rate must be a number in Hz, got 'fast'"),
        ("rate", 11, "rate must be <= 10 Hz, got 11 Hz"),
        ("rate", "nan", "rate must be finite"),
        ("rate", None, "rate must be a number in Hz, got None"),
        ("count", 2.5, "count must be a whole number, got 2.5"),
        ("count", 0, "count must be >= 1, got 0"),
        ("flag", "perhaps", "flag must be true or false"),
        ("lags", "0.1,x", r"lags\[1\] must be a number in s, got 'x'"),
        ("lags", (0.1, 2.0), r"lags\[1\] must be <= 1 s"),
        ("lags", (), "lags must have at least one value, got none"),
        ("lags", "", "lags must have at least one value, got none"),
        ("extra", 3, "extra must be names with values"),
    ],
)
def test_bad_values_are_named(name, value, message):
    with pytest.raises(InputError, match=message):
        make(Example, {name: value})


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown parameter 'rat'; did you mean 'rate'"):
        make(Example, {"rat": 1})
    with pytest.raises(UnknownNameError, match="unknown kind 'c'"):
        make(Example, {"kind": "c"})
    with pytest.raises(UnknownNameError, match="did you mean 'pairing_frequency'"):
        scenarios.run("pairing_frequenzy")
    with pytest.raises(UnknownNameError, match="did you mean 'pair_stdp'"):
        scenarios.run("pairing_frequency", rule="pair_sdtp")
    with pytest.raises(UnknownNameError, match="did you mean 'tau_plus'"):
        scenarios.run("pairing_frequency", rule="pair_stdp", rule_parameters={"tau_pluss": 0.1})
    with pytest.raises(InputError, match="seed must be >= 0"):
        scenarios.run("pairing_frequency", seed=-1)


def test_pairing_frequency_gives_the_weight_changes_of_replay():
    ds = scenarios.run("pairing_frequency", rule="triplet_stdp", **QUICK)
    pre, post = zip(
        *(pairing(i, f, 5) for i, f in zip(ds.interval.values, ds.frequency.values, strict=True)), strict=True
    )
    np.testing.assert_allclose(ds.weight_change, final_weights(triplet_stdp(), pre, post)[0] - 1, rtol=1e-9)


def test_a_file_opens_in_plain_xarray_and_repeats_the_run(tmp_path):
    ds = scenarios.run("pairing_frequency", seed=3, rule="derived_bcm", rule_parameters={"threshold": 12.0}, **QUICK)
    path = write(ds, tmp_path / "run.nc")
    with xr.open_dataset(path) as opened:
        opened.load()
    xr.testing.assert_identical(opened, ds)
    check_schema(opened)
    again = scenarios.run(
        opened.attrs["scenario"], seed=int(opened.attrs["seed"]), **json.loads(opened.attrs["parameters"])
    )
    xr.testing.assert_identical(again.drop_attrs(), ds.drop_attrs())
    assert json.loads(opened.attrs["rule_values"])["threshold"] == 12.0
    assert set(json.loads(opened.attrs["versions"])) >= {"python", "brian2", "numpy", "steersman"}


def test_a_rule_of_ones_own_is_accepted():
    rule = triplet_stdp(A3_plus=1e-2)
    ds = scenarios.run("pairing_frequency", rule=rule, **QUICK)
    named = scenarios.run("pairing_frequency", rule="triplet_stdp", rule_parameters={"A3_plus": 1e-2}, **QUICK)
    np.testing.assert_array_equal(ds.weight_change, named.weight_change)


def test_spikes_off_the_grid_are_refused():
    with pytest.raises(InputError, match="off the grid of dt = 0.001 s"):
        scenarios.run("pairing_frequency", frequencies=(30.0,), n_pairs=2)
