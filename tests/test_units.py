"""Units: values that carry one are converted or refused; numbers that are probably in another unit draw a warning."""

import warnings

import brian2
import numpy as np
import pytest
import xarray as xr

import analysis
import circuits
import plasticity
from analysis import datasets
from plasticity import Quadratic, UnitWarning, rules, signals
from plasticity.errors import InputError

PAIR, BOWL, DESCENT = rules.pair_stdp(), Quadratic([1.0], [0.0]), rules.gradient_descent()
MILLISECONDS = {"units": "ms"}


def in_milliseconds(values):
    return xr.DataArray(values, attrs=MILLISECONDS)


def last_weight(pre, post):
    return float(plasticity.replay(PAIR, pre, post).weight[-1])


PAIRED = last_weight([0.1, 0.2], [0.11, 0.21])


def as_fraction(data):
    per_cent = (100 * data.value).assign_attrs(data.value.attrs, units="%")
    milliseconds = {f"{side}_time": (1e3 * data[f"{side}_time"]).assign_attrs(MILLISECONDS) for side in ("pre", "post")}
    read = datasets.load(data.assign(value=per_cent, **milliseconds))
    assert read.pre_time.values == pytest.approx(data.pre_time.values, rel=1e-15, nan_ok=True)
    return read.value.values


CONVERTED = {  # to the value in the unit of the program
    "tau of Brian2": (lambda: rules.pair_stdp(tau_plus=20 * brian2.ms).values["tau_plus"], 0.02),
    "tau of xarray": (
        lambda: rules.pair_stdp(tau_plus=xr.DataArray(20.0, attrs=MILLISECONDS)).values["tau_plus"],
        0.02,
    ),
    "long tau": (lambda: rules.pair_stdp(tau_plus=20 * brian2.second).values["tau_plus"], 20.0),
    "changed tau": (lambda: PAIR.with_parameters(tau_plus=20 * brian2.ms).values["tau_plus"], 0.02),
    "parameter": (lambda: plasticity.Parameter("rate", 5 * brian2.Hz, unit="Hz").value, 5.0),
    "time constant": (lambda: plasticity.FadingMemory(time_constant=20 * brian2.ms).time_constant, 0.02),
    "delay": (lambda: plasticity.FeedbackChannel(delay=20 * brian2.ms).delay, 0.02),
    "neuron": (lambda: circuits.lif(tau_membrane=20 * brian2.ms).parameters["tau_membrane"][0], 0.02),
    "potential": (lambda: circuits.lif(v_rest=-60 * brian2.mV).parameters["v_rest"][0], -0.06),
    "projection": (lambda: circuits.Projection("p", "a", "b", delay=2 * brian2.second).delay, 2.0),
    "trains of Brian2": (lambda: last_weight([100, 200] * brian2.ms, [110, 210] * brian2.ms), PAIRED),
    "trains of xarray": (
        lambda: last_weight(in_milliseconds([100, 200]), in_milliseconds([110, 210])),
        PAIRED,
    ),
    "whole float": (lambda: plasticity.poisson_trains(10.0, 1.0, 1.0)[0], plasticity.poisson_trains(10.0, 1, 1.0)[0]),
    "per cent": (lambda: as_fraction(datasets.load("sjostrom_2001")), datasets.load("sjostrom_2001").value.values),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_values_with_units_are_converted(name):
    read, value = CONVERTED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.asarray(read()) == pytest.approx(np.asarray(value), rel=1e-15)


WRONG_UNITS = {
    "tau": lambda: rules.pair_stdp(tau_plus=20 * brian2.mV),
    "potential": lambda: circuits.lif(v_rest=-60 * brian2.ms),
    "train": lambda: plasticity.replay(PAIR, [1, 2] * brian2.mV, [0.1]),
    "array": lambda: plasticity.replay(PAIR, xr.DataArray([1.0], attrs={"units": "mV"}), [0.1]),
    "weight": lambda: plasticity.replay(PAIR, [0.1], [0.2], weight=1 * brian2.second),
    "start": lambda: plasticity.simulate(DESCENT, BOWL, xr.DataArray([1.0], attrs=MILLISECONDS), 2, 0.1),
    "data": lambda: datasets.load(with_units(datasets.load("wang_2005"), "value", "mV")),
    "spikes": lambda: datasets.load(with_units(datasets.load("wang_2005"), "pre_time", "V")),
}


def with_units(data, name, units):
    return data.assign({name: data[name].assign_attrs(units=units)})


@pytest.mark.parametrize("name", WRONG_UNITS)
def test_values_with_other_units_are_refused(name):
    with pytest.raises(InputError):
        WRONG_UNITS[name]()


SUSPICIOUS = {  # plain numbers that are probably in milliseconds or per cent
    "rule": lambda: rules.pair_stdp(tau_plus=16.8),
    "changed rule": lambda: PAIR.with_parameters(tau_plus=16.8),
    "resolved rule": lambda: rules.resolve("pair_stdp", {"tau_plus": 16.8}),
    "signal": lambda: signals.homeostasis(tau=20),
    "neuron": lambda: circuits.lif(tau_membrane=20, v_threshold=-50),
    "rate unit": lambda: circuits.RateUnit(tau=10),
    "channel": lambda: plasticity.FeedbackChannel(delay=2),
    "projection": lambda: circuits.Projection("p", "a", "b", delay=1.5),
    "train": lambda: plasticity.replay(PAIR, [0, 100, 200], [10, 110, 210]),
    "circuit": lambda: circuits.pairing([[0, 100, 200]], [[10, 110, 210]], PAIR),
    "per cent": lambda: analysis.fit("pair_stdp", scaled(datasets.load("wang_2005"), 100)),
    "bounds": lambda: analysis.fit("pair_stdp", "wang_2005", ["tau_plus"], {"tau_plus": (5.0, 50.0)}, n_starts=1),
}


def scaled(data, factor):
    data = data.isel(protocol=np.flatnonzero(data.value > 0))  # a fall by more than all of the weight is an error
    return data.assign(value=(factor * data.value).assign_attrs(data.value.attrs))


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_numbers_that_are_probably_in_another_unit_draw_a_warning(name):
    with pytest.warns(UnitWarning):
        SUSPICIOUS[name]()


def test_usual_numbers_draw_no_warning():
    """The longest pause of the protocols of the data sets is 10 s, between pairs at 0.1 Hz: their units are known."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnitWarning)
        plasticity.replay(PAIR, *plasticity.pairing(0.01, 0.1))
        plasticity.replay(PAIR, [0.0, 10.0, 20.0], [0.01, 10.01, 20.01])
        circuits.pairing([[0, 10, 20], [0, 0.1, 0.2, 0.3]], [[0.01], [0.11]], PAIR)
        analysis.fit("pair_stdp", "sjostrom_2001")
        rules.btsp_two_trace(tau_eligibility=3.0)
        for name in datasets.names():
            datasets.load(name)


def test_a_file_in_milliseconds_or_per_cent_draws_a_warning(tmp_path):
    header = "protocol,pre_times_s,post_times_s,value,sem,n\n"
    for row in ("a,0 100 200,10 110 210,0.2,0.1,5\n", "a,0 0.1,0.01 0.11,120,10,5\n"):
        (tmp_path / "mine.csv").write_text(header + row)
        with pytest.warns(UnitWarning):
            datasets.load(tmp_path / "mine.csv")
