"""Published data: the contract of every member, values that can be read off the sources, and round trips."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.stats import t

from analysis import datasets
from analysis.data.check import check_dataset, require_errors
from analysis.data.kinds import SOURCE_ATTRIBUTES
from analysis.data.record import make_data, make_spike_data, neighbour_scatter, spike_trains, with_pooled_errors
from analysis.pages.bibliography import citation
from plasticity.dataset import read, write
from plasticity.errors import InputError, UnknownNameError
from plasticity.support import catalog
from tests.error_bounds import z

NAMES = datasets.names()


@pytest.mark.parametrize("name", NAMES)
def test_member_keeps_the_contract(name):
    data = datasets.load(name)
    check_dataset(data)
    for attribute in SOURCE_ATTRIBUTES:
        assert data.attrs[attribute], f"{name} says nothing about {attribute}"
    assert data.attrs["data"] == name
    assert data.attrs["references"].split()[0] == name.removesuffix("_bursts").removesuffix("_pairs")
    assert data.attrs["doi"].startswith("10.") or data.attrs["url"].startswith("https://")
    assert catalog.title("analysis.datasets", name)
    for key in data.attrs["references"].split():
        assert not citation(key).startswith(key), f"{key} is not in references.toml"


@pytest.mark.parametrize("name", NAMES)
def test_member_survives_a_file(name, tmp_path):
    data = datasets.load(name)
    path = write(data, tmp_path / "data.nc")
    xr.testing.assert_identical(datasets.load(path), data)
    xr.testing.assert_identical(read(path), data)


@pytest.mark.parametrize("name", ["bi_poo_1998", "sjostrom_2001", "wang_2005"])
def test_trains_are_what_the_name_says(name):
    data = datasets.load(name)
    for protocol, pre, post in zip(data.protocol.values, *spike_trains(data), strict=True):
        label, count = str(protocol), (pre.size, post.size)
        expected = (60, 60)
        if label.startswith("pre_post_pre"):
            expected = (120, 60)
        elif label.startswith("post_pre_post"):
            expected = (60, 120)
        elif label.startswith("quadruplet"):
            expected = (120, 120)
        assert count == expected, label
        # the first pre and post spikes make the first pairing, except in the second pair of a quadruplet
        assert post[0] - pre[0] == pytest.approx(float(data.interval.sel(protocol=protocol)), abs=2e-9)


def test_visual_cortex_reverses_between_20_and_40_hertz():
    data = datasets.load("sjostrom_2001")
    depression = data.where(data.interval < 0, drop=True)
    assert (depression.value.where(depression.frequency <= 20, drop=True) < 0).all()
    assert (depression.value.where(depression.frequency >= 40, drop=True) > 0).all()
    assert data.n.sum() == 57  # cells counted in the table


def test_hippocampal_triplets_depend_on_order():
    value = datasets.load("wang_2005").value
    assert value.sel(protocol="post_pre_post_-5ms_+5ms") == 0.33
    assert value.sel(protocol="pre_post_pre_+5ms_-5ms") == -0.01
    assert value.sel(protocol="quadruplet_5ms_-88.5ms") == -0.003


def test_the_window_of_single_cells_has_two_sides_and_no_errors():
    data = datasets.load("bi_poo_1998")
    first = data.group.values == "pre_first"
    assert (data.interval.values[first] > 0).all()
    assert data.value.values[first].mean() > 0.3  # potentiation
    assert data.value.values[~first & (data.interval.values < -4e-3)].mean() < -0.1  # depression
    assert np.isnan(data.sem).all()
    assert data.attrs["sem_missing"]


def test_visual_experience_moves_the_frequency_curve():
    value = datasets.load("kirkwood_1996").value
    assert value.sel(protocol="light_1Hz") == -0.159
    assert value.sel(protocol="dark_1Hz") == -0.06
    assert value.sel(protocol="dark_10Hz") > value.sel(protocol="light_10Hz")  # the threshold slid down in the dark


def test_strong_inputs_far_from_the_plateau_depress():
    data = datasets.load("milstein_2021")
    near, far = abs(data.time_from_plateau) < 0.5, data.time_from_plateau > 2
    assert (data.value[near] > 1.5).all()
    assert (data.value[far & (data.initial_ramp == 0)] > 0).all()
    assert (data.value[far & (data.initial_ramp > 4)] < -1).all()


def test_reaching_follows_both_rotations_and_rebounds():
    data = datasets.load("thart_reach")
    assert data.sizes["protocol"] == 32 + 100 + 12 + 20
    last = {
        block: float(data.value[data.group == block][-5:].mean()) for block in ("rotated", "reversed", "error_clamp")
    }
    assert last["rotated"] > 25
    assert last["reversed"] < -10
    assert last["error_clamp"] > 4


def test_components_of_spine_heads_add_up():
    data = datasets.load("dorkenwald_2022")
    for group in ("all", "single", "dual", "triple"):
        assert float(data.mixture_weight[data.group == group].sum()) == pytest.approx(1.0, abs=1e-12)
    # table 2: the large component is 0.65 decades above the small one
    assert float(data.value.sel(protocol="all_large") - data.value.sel(protocol="all_small")) == pytest.approx(0.65)
    assert 10 ** float(datasets.load("song_2005").value[0]) == pytest.approx(np.exp(-0.702))  # mV


def test_density_of_spines_stays_while_they_are_replaced():
    value = datasets.load("pfeiffer_2018").value
    for days in ("0_to_2", "2_to_4"):
        lost, new = (float(value.sel(protocol=f"fraction_{k}_day_{days}")) for k in ("lost", "new"))
        assert abs(lost - new) < 5  # %
    assert float(value.sel(protocol="fraction_lost_day_0_to_2")) == 21.2


def test_missing_errors_are_pooled_by_group_and_told():
    data = datasets.load("kirkwood_1996")
    pooled = with_pooled_errors(data)
    light = np.array([0.034, 0.038, 0.025, 0.021])
    assert float(pooled.sem.sel(protocol="light_0.1Hz")) == pytest.approx(np.sqrt(np.mean(light**2)))
    known = ~np.isnan(data.sem.values)
    assert_allclose(pooled.sem.values[known], data.sem.values[known], rtol=0)
    assert "light" in pooled.attrs["sem_pooled"]
    assert with_pooled_errors(pooled) is pooled
    with pytest.raises(InputError, match=r"no standard error for 3 of 11 protocols.*with_pooled_errors"):
        require_errors(data)
    with pytest.raises(InputError, match="different quantities"):
        with_pooled_errors(datasets.load("raman_2021"))


def test_scatter_of_neighbours_finds_the_noise_on_a_smooth_curve():
    """20,000 draws: the estimate has a relative standard error of sqrt(3/4n) = 0.6 %."""
    noise = np.random.default_rng(0).normal(0, 0.3, 20_000)
    assert neighbour_scatter(np.sin(np.linspace(0, 3, noise.size)) + noise) == pytest.approx(
        0.3, rel=z() * np.sqrt(0.75 / noise.size)
    )


def test_a_label_without_units_is_refused():
    source = dict.fromkeys(set(SOURCE_ATTRIBUTES) - {"data"}, "")
    with pytest.raises(InputError, match="label 'depth' has no units"):
        make_data("frequency", ["a"], [1], [1], [1], {"frequency": [1], "depth": [3]}, name="", title="t", **source)
    with pytest.raises(InputError, match=r"coordinate 'frequency' \[Hz\] is missing"):
        make_data("frequency", ["a"], [1], [1], [1], {}, name="", title="t", **source)
    data = datasets.load("kirkwood_1996")
    data.frequency.attrs["units"] = "kHz"
    with pytest.raises(InputError, match="units of 'frequency' must be 'Hz', got 'kHz'"):
        check_dataset(data)


def test_trains_of_unequal_length_lose_their_padding():
    pre_trains = [np.array([0.0, 0.1, 0.2]), np.array([])]
    post_trains = [np.array([0.05]), np.array([0.0, 0.3])]
    data = make_spike_data(
        ["a", "b"],
        list(zip(pre_trains, post_trains, strict=True)),
        [0.1, 0.2],
        [0.1, 0.1],
        [np.nan, 3],
        name="two",
        title="two protocols",
        **dict.fromkeys(set(SOURCE_ATTRIBUTES) - {"data"}, ""),
    )
    pre, post = spike_trains(data)
    for result, expected_input in zip([*pre, *post], [*pre_trains, *post_trains], strict=True):
        assert_allclose(result, expected_input, rtol=0, atol=0)


def test_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'sjostrom_2001'"):
        datasets.load("sjostrom2001")


def replaced(data, name, values):
    """Copy of the data set with other `values` of the variable `name`."""
    changed = data.copy(deep=True)
    for index, value in values:
        changed[name].values[index] = value
    return changed


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("sem", [(0, 0.0)], "sem of '[+]10ms_0.1Hz' must be > 0, got 0"),
        ("sem", [(3, -0.1)], "sem of '[+]10ms_40Hz' must be > 0, got -0.1"),
        ("sem", [(3, np.nan)], "sem of '[+]10ms_40Hz' must be > 0, got nan"),
        ("n", [(0, 0.0)], "n of '[+]10ms_0.1Hz' must be a whole number of measurements"),
        ("n", [(3, 2.5)], "n of '[+]10ms_40Hz' must be a whole number of measurements"),
        ("value", [(1, np.inf)], "value of '[+]10ms_10Hz' must be finite"),
        ("pre_time", [((2, 0), 5.0)], "pre_time of '[+]10ms_20Hz' must increase"),
        ("post_time", [((2, 0), -5.0)], "post_time of '[+]10ms_20Hz' must be finite and >= 0 s"),
        ("pre_time", [((2, 4), np.nan)], "pre_time of '[+]10ms_20Hz' has a gap"),
    ],
)
def test_bad_number_is_named(name, values, message):
    data = replaced(datasets.load("sjostrom_2001"), name, values)
    with pytest.raises(InputError, match=message):
        check_dataset(data)


def test_every_violation_is_listed():
    data = datasets.load("sjostrom_2001").drop_vars("sem")
    del data.attrs["doi"]
    data.attrs["kind"] = "frequencies"
    with pytest.raises(InputError) as caught:
        check_dataset(data)
    for part in ("'doi' is missing", "'sem' is missing", "'kind' must be one of spikes"):
        assert part in str(caught.value)


def test_a_protocol_may_occur_only_once():
    data = datasets.load("sjostrom_2001")
    with pytest.raises(InputError, match=r"'\+10ms_0\.1Hz' occurs twice"):
        check_dataset(xr.concat([data, data.isel(protocol=[0])], "protocol"))


def test_a_spread_of_unknown_kind_is_no_standard_error():
    """Table 1 of the review: 28 ± 3.7 % formed; 40 % turnover in 4 days; about 50 % in a review of several systems."""
    data = datasets.load("raman_2021")
    assert np.isnan(data.sem).all()
    formed = data.sel(protocol="quinn_2019_synapses_formed_per_24_h")
    assert (formed.value.item(), formed.spread.item()) == (28.0, 3.7)
    assert float(data.value.sel(protocol="pfeiffer_2018_turnover_per_4_days")) == 40.0
    assert data.value[data.group == "ziv_2018"].item() == 50.0


def test_true_bursts_are_those_of_the_experiment():
    """15 bursts of 5 pairs every 10 s, 50 lone pairs at 0.1 Hz; values and intervals are the usual ones."""
    data, usual = datasets.load("sjostrom_2001_bursts"), datasets.load("sjostrom_2001")
    for name in ("value", "sem", "n", "interval", "frequency"):
        np.testing.assert_array_equal(data[name].values, usual[name].values)
    for pre, post, interval, frequency in zip(
        *spike_trains(data), data.interval.values, data.frequency.values, strict=True
    ):
        assert_allclose(post - pre, interval, atol=1e-9)
        gaps = np.diff(pre)
        if frequency == 0.1:
            assert pre.size == 50
            assert_allclose(gaps, 10.0)
        else:
            assert pre.size == 75
            assert_allclose(np.diff(pre[::5]), 10.0)
            assert_allclose(np.diff(pre.reshape(15, 5), axis=1), 1 / frequency, atol=1e-9)


def test_a_change_raises_the_learning_rate():
    data = datasets.load("foucault_2024")
    for task, steep in (("magnitude", 5.0), ("probability", 1.0)):
        rates = data.isel(protocol=data.group.values == task)
        before, after = (rates.isel(protocol=rates.outcomes_since_change.values == k) for k in (0, 1))
        z_score = (after.value.item() - before.value.item()) / np.hypot(after.sem.item(), before.sem.item())
        assert z_score > steep


def test_pyramidal_cells_strengthen_with_frequency_and_stellate_cells_weaken():
    data = datasets.load("chindemi_2022")
    pyramidal = data.isel(protocol=(data.study.values == "markram_1997") & (data.interval.values == 0.005))
    assert np.all(np.diff(pyramidal.value.sortby(pyramidal.frequency).values) > 0)
    assert float(data.value[data.group == "L4-L4"].max()) < 0
    # 15 sweeps of 5 pairs every 10 s, or 100 lone pairs every 5 s
    pre, _ = spike_trains(data)
    of = dict(zip(data.protocol.values.tolist(), pre, strict=True))
    sweeps = of["sjostrom_2006_L5-L5_+10ms_50Hz"].reshape(15, 5)
    assert_allclose(np.diff(sweeps, axis=1), 0.02, atol=1e-9)
    assert_allclose(np.diff(sweeps[:, 0]), 10, atol=1e-9)
    assert_allclose(np.diff(of["banerjee_2014_L2/3-L2/3_-15ms_0.2Hz"]), 5, atol=1e-9)


def test_the_two_digitisations_of_layer_five_agree():
    """They differ by less than 0.07; another paper's fits used the other one."""
    own = datasets.load("sjostrom_2001")
    table = datasets.load("chindemi_2022")
    table = table.isel(protocol=(table.study.values == "sjostrom_2001") & np.isin(table.interval.values, [0.01, -0.01]))
    assert table.sizes["protocol"] == own.sizes["protocol"]
    theirs = {(i, f): v for i, f, v in zip(*(table[n].values for n in ("interval", "frequency", "value")), strict=True)}
    for i, f, value in zip(*(own[n].values for n in ("interval", "frequency", "value")), strict=True):
        assert abs(value - theirs[i, f]) < 0.07


def test_what_stands_behind_the_sign_is_a_standard_error():
    """A t test with the rounded numbers brackets 21 of the 28 printed p values, with a standard deviation one."""
    data = datasets.load("cui_2016")
    change, sem, n = (abs(100 * data.value.values), 100 * data.sem.values, data.n.values)
    agreeing = []
    for as_error in (1.0, np.sqrt(n)):
        low = 2 * t.sf(as_error * (change + 0.5) / (sem - 0.5), n - 1)
        high = 2 * t.sf(as_error * np.maximum(change - 0.5, 0) / (sem + 0.5), n - 1)
        agreeing.append(int(np.sum((low <= data.printed_p.values) & (data.printed_p.values <= high))))
    assert agreeing == [21, 1]
    assert data.post_time.isel(protocol=np.isnan(data.interval.values)).isnull().all()


@pytest.mark.parametrize("which", ["all", "nearer_than_46.5_µm", "farther_than_46.5_µm"])
def test_states_of_two_synapses_correlate_as_printed(which):
    """phi = (p_LL − p_L²)/(p_L(1 − p_L)) with p_L = p_LL + half of the mixed pairs."""
    value = datasets.load("dorkenwald_2022_pairs").value
    both, mixed, phi = (float(value.sel(protocol=f"{n}_{which}")) for n in ("both_large", "one_small_one_large", "phi"))
    large = both + mixed / 2
    assert (both - large**2) / (large * (1 - large)) == pytest.approx(phi, abs=0.003)
