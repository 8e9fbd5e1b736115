"""Collecting many runs: memory does not grow with their number, and what differs is found."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plasticity.dataset import make_dataset, read, write
from scenarios.sweeps.collect import collect
from scenarios.sweeps.design import grid_axes, seed_axis
from scenarios.sweeps.make_plan import make_plan

CODE = """
import resource, sys
from pathlib import Path
from scenarios.sweeps.collect import collect
from scenarios.sweeps.design import seed_axis
from scenarios.sweeps.make_plan import make_plan
result = Path(sys.argv[1])
peaks = []
for n in (10, 50, 250):
    plan = make_plan("horizon", (seed_axis(range(n)),), {}, None)
    path = collect(plan, {point.key: result for point in plan.points}, result.with_name("all.nc"))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
print(*peaks, path.stat().st_size // 2**20)
"""


def test_memory_does_not_grow_with_the_number_of_runs(tmp_path):
    """Each run has 1 MB; held together, 250 of them would take 240 MB more than 10."""
    values = np.random.default_rng(0).random(2**17)
    ds = make_dataset({"w": ("synapse", values, "1", "weight")}, {}, title="one run")
    path = write(ds, tmp_path / "run.nc")
    done = subprocess.run([sys.executable, "-c", CODE, str(path)], capture_output=True, text=True, check=True)
    few, _, many, size = map(int, done.stdout.split())
    assert size >= 250
    assert many - few < 20


def test_what_differs_between_runs(tmp_path):
    """Runs of different length and content: NaN for numbers, nothing for texts, variables for attributes."""
    plan = make_plan("horizon", (*grid_axes({"discount": [0, 1, 2]}), seed_axis([5])), {}, None)
    files: dict[str, Path] = {}
    for point, n in zip(plan.points[:2], (2, 3), strict=True):
        ds = make_dataset(
            {
                "count": ("time", np.arange(n), "1", "a count"),
                "flag": ("trial", [True, False], "1", "a switch"),
                "name": ("trial", ["a", f"b{n}"], "1", "a name"),
                **({"extra": ((), 1.5, "1", "in one run only")} if n == 3 else {}),
            },
            {
                "time": ("time", np.arange(n) / 2, "s", "time"),
                "trial": ("trial", [0, 1], "1", "trial"),
                "a": ("trial", [3, 4], "1", "same"),
            },
            title="a run",
            rule=f"rule_{n}",
            references=("x_2000", f"y_200{n}"),
            quality=n / 4,
        )
        files[point.key] = write(ds, tmp_path / f"{n}.nc")
    ds = read(collect(plan, files, tmp_path / "all.nc"))
    nan = np.nan
    np.testing.assert_array_equal(ds["count"].values[:, 0], [[0, 1, nan], [0, 1, 2], [nan] * 3])
    np.testing.assert_array_equal(ds.time_of_run.values[:, 0], [[0, 0.5, nan], [0, 0.5, 1.0], [nan] * 3])
    np.testing.assert_array_equal(ds.flag.values[:, 0], [[1, 0], [1, 0], [nan, nan]])
    np.testing.assert_array_equal(ds.extra.values[:, 0], [nan, 1.5, nan])
    np.testing.assert_array_equal(ds.quality.values[:, 0], [0.5, 0.75, nan])
    assert ds.name.values[:, 0].tolist() == [["a", "b2"], ["a", "b3"], ["", ""]]
    assert ds.completed.values[:, 0].tolist() == [1, 1, 0]
    assert ds.trial.dims == ds.a.dims == ("trial",)
    assert "a" in ds.coords
    assert ds.attrs["rule"] == "rule_2 rule_3"
    assert ds.attrs["references"] == "x_2000 y_2002 y_2003"
    assert ds.seed.values.tolist() == [5]


def test_every_run_gets_to_its_place(tmp_path):
    """The numbers of the runs, counted in the order of the design, are where the design has them; one is missing."""
    plan = make_plan(
        "horizon", (*grid_axes({"discount": [0, 1, 2], "plasticity": [1, 2]}), seed_axis(range(3))), {}, None
    )
    files = {}
    for number, point in enumerate(plan.points):
        if number != 4:
            ds = make_dataset(
                {"number": ("time", [number, -number], "1", "number")}, {}, title="a run", half=number / 2
            )
            files[point.key] = write(ds, tmp_path / f"{number}.nc")
    ds = read(collect(plan, files, tmp_path / "all.nc"))
    expected = np.where(np.arange(18) == 4, np.nan, np.arange(18)).reshape(3, 2, 3)
    np.testing.assert_array_equal(ds.number.values, np.stack([expected, -expected], axis=-1))
    np.testing.assert_array_equal(ds.half.values, expected / 2)


def test_a_variable_with_other_dimensions_is_refused(tmp_path):
    plan = make_plan("horizon", (seed_axis([0, 1]),), {}, None)
    files = {}
    for point, dims in zip(plan.points, (("trial",), ("trial", "time")), strict=True):
        ds = make_dataset({"w": (dims, np.ones((2,) * len(dims)), "1", "weight")}, {}, title="a run")
        files[point.key] = write(ds, tmp_path / f"{point.seed}.nc")
    with pytest.raises(ValueError, match="w has dimensions"):
        collect(plan, files, tmp_path / "all.nc")
    assert not list(tmp_path.glob("all*"))
