"""The same seed gives the same bits, whatever the engine, the number of workers and the state of the cache."""

import importlib

import pytest
import xarray as xr

from circuits.spiking.toolchain import compiler
from scenarios import sweep

pytestmark = pytest.mark.slow  # workers are started, and one model is compiled twice


def swept(name, folder, workers, device):
    smoke = importlib.import_module(f"scenarios.{name}").SMOKE
    ds = sweep(name, None, range(2), folder, workers=workers, device=device, **smoke)
    assert (ds.completed == 1).all()
    return ds.drop_attrs(deep=False)


@pytest.mark.parametrize(("name", "device"), [("spike_timing", "numpy"), ("random_feedback", None)])
def test_workers_do_not_change_a_bit(name, device, tmp_path):
    one, two = (swept(name, tmp_path / str(workers), workers, device) for workers in (1, 2))
    xr.testing.assert_identical(one, two)
    assert any((one[v].isel(seed=0) != one[v].isel(seed=1)).any() for v in one.data_vars)


@pytest.mark.compiled
@pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler")
def test_a_damaged_binary_is_reported_and_built_again(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path / "cache"))
    before = swept("pairing_frequency", tmp_path / "before", 2, "cpp")
    assert capfd.readouterr().err.count("compiling the model") == 1  # two workers, one build
    programs = list((tmp_path / "cache" / "brian").glob("*/main"))
    assert len(programs) == 1
    programs[0].write_bytes(programs[0].read_bytes()[:1000])
    after = swept("pairing_frequency", tmp_path / "after", 1, "cpp")
    assert "damaged and will be built again" in capfd.readouterr().err
    xr.testing.assert_identical(before, after)
