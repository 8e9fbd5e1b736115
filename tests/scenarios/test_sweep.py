"""Sweeps: every run is the run of its own parameters and seed, whatever the design and the number of workers."""

import json
import os

import numpy as np
import pytest
import xarray as xr

import scenarios
from plasticity.dataset import check_schema, read
from plasticity.errors import FailedRunsError, InputError
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.support.cli import exit_status
from scenarios.__main__ import main
from scenarios.sweeps.folder import is_intact, locked
from scenarios.sweeps.make_plan import make_plan
from scenarios.sweeps.sweep import seed_axis, sweep

SMALL = {"n_points": 11}
RANDOM = {"n_images": 100, "hidden": (4,), "n_epochs": 1, "n_trials": 1, "n_rates": 1, "n_tuning_trials": 1}


def names(folder):
    return sorted(path.name for path in (folder / "runs").iterdir())


def without_times(ds):
    return ds.drop_attrs(deep=False)


@pytest.mark.slow  # starts several workers
def test_every_run_is_bit_identical_to_a_run_of_its_own(tmp_path):
    ds = sweep("digits", {"discount": [1e-9, 1.0]}, range(2), tmp_path, workers=2, **RANDOM)
    assert ds.test_accuracy.dims == ("discount", "seed", "trial", "time", "rule")
    assert not ds.train_loss.isel(seed=0).equals(ds.train_loss.isel(seed=1))
    for discount in (1e-9, 1.0):
        alone = scenarios.run("digits", seed=1, discount=discount, **RANDOM)
        chosen = ds.sel(discount=discount, seed=1)
        for name in alone.data_vars:
            np.testing.assert_array_equal(chosen[name].values, alone[name].values, err_msg=name)


@pytest.mark.slow  # starts several workers
def test_workers_and_resuming_change_nothing_and_finished_runs_stay(tmp_path):
    grid, seeds = {"discount": [0.0, 0.5, 2.0]}, range(2)
    one = sweep("horizon", grid, seeds, tmp_path / "one", workers=1, **SMALL)
    many = sweep("horizon", grid, seeds, tmp_path / "many", workers=3, **SMALL)
    before = names(tmp_path / "many")
    for lost in before[::2]:
        (tmp_path / "many" / "runs" / lost).unlink()
    again = sweep("horizon", grid, seeds, tmp_path / "many", workers=1, **SMALL)
    for other in (many, again):
        xr.testing.assert_identical(without_times(one), without_times(other))
    assert set(before[1::2]) <= set(names(tmp_path / "many"))
    assert len(names(tmp_path / "many")) == len(before)


def test_lengths_that_differ_are_padded_and_coordinates_that_differ_are_kept_per_run(tmp_path):
    ds = sweep("horizon", {"n_points": [5, 9]}, directory=tmp_path, workers=1)
    short, long = (scenarios.run("horizon", n_points=n) for n in (5, 9))
    assert ds.theta.sel(n_points=5, seed=0).dropna("time").values.tolist() == short.theta.values.tolist()
    assert ds.time_of_run.sel(n_points=9, seed=0).values.tolist() == long.time.values.tolist()
    assert np.isnan(ds.time_of_run.sel(n_points=5, seed=0).values[5:]).all()
    assert "time" not in ds.coords
    assert ds.attrs["discount"] == 1.0  # the same in all runs: it stays an attribute


def test_names_of_the_runs_come_first_and_attributes_that_differ_become_variables(tmp_path):
    grid = {"curvature": [1.0, 4.0], "start": [(1, 1), (2.0, 1.5)]}
    ds = sweep("horizon", grid, directory=tmp_path, workers=1, **SMALL)
    assert ds.rate.dims == ("swept_curvature", "start", "seed", "direction")
    assert ds.start.values.tolist() == ["1,1", "2,1.5"]
    assert ds.swept_curvature.attrs == {"units": "1", "long_name": "curvature of the loss along the flat direction"}
    assert ds.curvature.sel(swept_curvature=4.0).values[0, 0].tolist() == [4.0, 16.0]
    assert "curvature" not in json.loads(ds.attrs["parameters"])
    check_schema(ds)


def test_a_list_of_points_and_random_points(tmp_path):
    points = scenarios.random_points({"discount": (0.1, 10.0, "log"), "plasticity": (1, 2)}, 3)
    ds = sweep("horizon", points=points, seeds=(4, 2), directory=tmp_path, workers=1, **SMALL)
    assert ds.action.dims == ("point", "seed")
    assert ds.plasticity.values.tolist() == [p["plasticity"] for p in points]
    alone = scenarios.run("horizon", **points[2], **SMALL)
    assert float(ds.action.sel(point=2, seed=2)) == float(alone.action)


def test_random_points_are_uniform_in_their_ranges():
    n = 4000
    points = scenarios.random_points({"a": (0.01, 100.0, "log"), "b": (-1.0, 3.0)}, n)
    a, b = (np.array([p[key] for p in points]) for key in "ab")
    for share in ((np.log10(a) + 2) / 4, (b + 1) / 4):
        distance = np.abs(np.sort(share) - (np.arange(n) + 0.5) / n).max()
        assert distance < 2.2 / np.sqrt(n)  # Kolmogorov: p = 1e-4; the seed is fixed
    assert abs(np.corrcoef(np.log(a), b)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.slow  # starts four sets of workers
def test_errors_are_kept_while_the_other_runs_go_on(tmp_path, capfd):
    points = [{"start": (0.0, 0.0)}, {"start": (1.0, 1.0)}]  # a start at the optimum has no rates
    ds = sweep("horizon", points=points, directory=tmp_path, workers=1, **SMALL)
    assert ds.completed.values.tolist() == [[0], [1]]
    assert np.isnan(ds.rate.values[0]).all()
    assert np.isfinite(ds.rate.values[1]).all()
    assert "failed: start=0,0, seed=0: InputError: start must differ" in capfd.readouterr().err
    (path,) = (tmp_path / "runs").glob("*.error.json")
    record = json.loads(path.read_text())
    assert record["parameters"]["start"] == "0,0"
    assert record["attempts"] == 1
    assert "Traceback" in record["traceback"]
    with pytest.raises(FailedRunsError, match="all 1 runs failed"):
        sweep("horizon", points=points[:1], directory=tmp_path / "none", workers=1, **SMALL)
    sweep("horizon", points=points, directory=tmp_path, workers=1, **SMALL)
    assert json.loads(path.read_text())["attempts"] == 2


@pytest.mark.slow  # starts two sets of workers
def test_damaged_files_are_reported_and_computed_again(tmp_path, capfd):
    arguments = ("horizon", {"discount": [0.0, 0.5, 2.0]}, (3,), tmp_path)
    whole = sweep(*arguments, workers=1, **SMALL)
    before = names(tmp_path)
    flipped, cut = (tmp_path / "runs" / name for name in before[1:])
    content = bytearray(flipped.read_bytes())
    content[len(content) // 3] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:1000])
    left = tmp_path / "runs" / f"{before[0].split('.')[0]}.nc.steersman-1-0123456789abcdef.part"
    left.write_text("by a killed run")
    (tmp_path / "sweep.nc").unlink()
    again = sweep(*arguments, workers=1, **SMALL)
    xr.testing.assert_identical(without_times(whole), without_times(again))
    assert capfd.readouterr().err.count("is damaged and will be computed again") == 2
    after = names(tmp_path)
    assert len(after) == 3
    assert not left.exists()
    assert before[0] in after
    assert all(is_intact(tmp_path / "runs" / name) for name in after)


def test_a_folder_holds_one_sweep(tmp_path, monkeypatch):
    sweep("horizon", {"discount": [1.0]}, directory=tmp_path, workers=1, **SMALL)
    with pytest.raises(InputError, match="already holds this sweep; finish it with resume=True"):
        sweep("horizon", {"discount": [1.0]}, directory=tmp_path, resume=False, **SMALL)
    for grid, options, what in (
        ({"discount": [1.0, 2.0]}, SMALL, "swept values"),
        ({"discount": [1.0]}, {"n_points": 12}, "parameters"),
    ):
        with pytest.raises(InputError, match=f"holds another sweep: it differs in {what}"):
            sweep("horizon", grid, directory=tmp_path, **options)
    with pytest.raises(InputError, match="differs in scenario, parameters"):
        sweep("controllability", {"discount": [1.0]}, directory=tmp_path)
    monkeypatch.setattr("scenarios.sweeps.make_plan.code_in_use", lambda name: "that of an edited rule")
    with pytest.raises(InputError, match="differs in code of this project; finish it with the code that started it"):
        sweep("horizon", {"discount": [1.0]}, directory=tmp_path, **SMALL)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest.json cannot be read"):
        sweep("horizon", {"discount": [1.0]}, directory=tmp_path, **SMALL)


@pytest.mark.parametrize(
    "name", ["film.mkv.part", "sweep.nc", "a.txt", "runs/x.nc", "folder/b", "manifest.json", "manifest.json.part"]
)
def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="choose"):
        sweep("horizon", directory=tmp_path, workers=1, **SMALL)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / name).read_text() == "{}"


def test_one_sweep_at_a_time_but_shards_together(tmp_path):
    with locked(tmp_path), pytest.raises(InputError, match="another sweep is running"):
        sweep("horizon", directory=tmp_path, **SMALL)
    with locked(tmp_path, (1, 2)):
        with locked(tmp_path, (2, 2)):
            pass
        with pytest.raises(InputError, match="another sweep is running"), locked(tmp_path, (1, 2)):
            pass
        with pytest.raises(InputError, match="another sweep is running"), locked(tmp_path):
            pass


@pytest.mark.slow  # starts several workers
def test_shards_make_the_same_dataset(tmp_path, capsys):
    common = ["sweep", "horizon", "--grid", "discount=0,1,2", "--set", "n_points=11", "--workers", "1"]
    for part in ("1/2", "2/2"):
        assert exit_status(main, [*common, "-o", str(tmp_path), "--resume", "--shard", part]) == 0
    assert not (tmp_path / "sweep.nc").exists()
    before = names(tmp_path)
    assert len(before) == 3
    assert exit_status(main, [*common, "-o", str(tmp_path), "--resume"]) == 0
    assert names(tmp_path) == before
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "sweep.nc")
    whole = sweep("horizon", {"discount": [0, 1, 2]}, directory=tmp_path / "other", workers=1, **SMALL)
    xr.testing.assert_identical(without_times(read(tmp_path / "sweep.nc")), without_times(whole))


def test_points_from_a_table_and_a_failed_run_from_the_command_line(tmp_path, capsys):
    table = tmp_path / "points.csv"
    table.write_text('start,discount\n"0,0",1\n"1,1",0\n', encoding="utf-8-sig")  # as spreadsheets write it
    folder = str(tmp_path / "out")
    arguments = ["sweep", "horizon", "--points", str(table), "--quick", "-o", folder, "--workers", "1"]
    assert exit_status(main, arguments) == 1
    captured = capsys.readouterr()
    assert captured.out.strip() == os.path.join(folder, "sweep.nc")
    assert "1 runs failed" in captured.err
    ds = read(captured.out.strip())
    assert ds.discount.values.tolist() == [1.0, 0.0]
    assert float(ds.rate_ratio.sel(point=1, seed=0)) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["horizons"], "did you mean 'horizon'"),
        (["horizon", "--grid", "discont=1"], "unknown parameter 'discont'; did you mean 'discount'"),
        (["horizon", "--grid", "discount=1,-1"], "discount must be >= 0"),
        (["horizon", "--grid", "discount=1,1.0"], "discount = 1 twice"),
        (["horizon", "--grid", "discount"], "--grid takes KEY=VALUE"),
        (["horizon", "--grid", "discount=1", "discount=2"], "--grid sets discount twice"),
        (["horizon", "--grid", "discount=1", "--set", "discount=2"], "discount is set twice"),
        (["horizon", "--grid", "seed=1"], "seed is set twice"),
        (["horizon", "--seeds", "0"], "--seeds must be a whole number from 1 to 1e15"),
        (["horizon", "--workers", "none"], "--workers must be a whole number from 1 to 1e15"),
        (["horizon", "--shard", "3/2"], "--shard must be I/N"),
        (["horizon", "--random", "discount=1"], "--random takes KEY=LOW,HIGH"),
        (["horizon", "--random", "discount=0,1,log"], "low end of discount must be > 0"),
        (["horizon", "--points", "/nowhere.csv"], "cannot read /nowhere.csv"),
        (["horizon", "-o", "/proc/sweep"], "cannot make /proc/sweep/runs"),
    ],
)
def test_bad_input_is_answered_before_anything_runs(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert exit_status(main, ["sweep", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not list(tmp_path.rglob("*.nc*"))


def test_keys_depend_on_everything_that_changes_a_result_and_on_nothing_else():
    def key(seed=0, device=None, **fixed):
        return make_plan("horizon", (seed_axis([seed]),), fixed, device).points[0].key

    same = [key(), key(discount=1), key(discount="1.0"), key(start=[1, 1])]
    others = [key(1), key(device="cpp"), key(discount=2), key(start=(1, 2))]
    assert len(set(same)) == 1
    assert len({same[0], *others}) == 1 + len(others)


def test_keys_tell_objects_by_all_their_numbers():
    """Arrays show some of their digits, and long ones few of their elements."""

    def key(size):
        return (
            make_plan(
                "pairing_frequency",
                (seed_axis([0]),),
                {"rule": pair_stdp(A_plus=0.1).with_parameters(A_plus=size)},
                None,
            )
            .points[0]
            .key
        )

    long, other = np.zeros(2000), np.zeros(2000)
    other[1000] = 1.0
    keys = [key(size) for size in (0.1, np.array([0.1]), np.array([0.1 + 1e-12]), long, other)]
    assert len(set(keys)) == 5
    assert key(long) == keys[3]
