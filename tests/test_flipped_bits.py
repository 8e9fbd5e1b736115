"""One bit of anything that is stored for later: it is noticed, and what was damaged is made again."""

import os
import sys

import numpy as np
import pytest
import sympy as sp

from circuits.spiking.binary import ARRAYS, CHECKSUM, checksum, is_complete
from circuits.spiking.toolchain import PROGRAM
from plasticity.compile.checksum import is_intact
from plasticity.compile.generated import generated_module
from plasticity.support import cached_algebra
from plasticity.support.cache import write_atomically
from scenarios.sweeps import folder as sweep_folder

N_FLIPS = 300
SEED = int(os.environ.get("STEERSMAN_TEST_SEED", "0"))


def flips(content, n=N_FLIPS):
    """Copies of `content` with one bit flipped, at random places; all of them if that is not more."""
    places = np.arange(8 * len(content))
    if places.size > n:
        places = np.random.default_rng(SEED).choice(places, n, replace=False)
    for place in places.tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def test_algebra(tmp_path):
    path, x = tmp_path / "algebra.txt", sp.Symbol("x", positive=True)
    result = (sp.sqrt(x) / 3 + sp.exp(-2 * x), sp.Integer(7))
    cached_algebra._write(path, result, cached_algebra.READABLE)
    assert cached_algebra._read(path, cached_algebra.READABLE) == result
    for flipped in flips(path.read_bytes(), n=10**6):
        path.write_bytes(flipped)
        with pytest.raises(ValueError):
            cached_algebra._read(path, cached_algebra.READABLE)


SOURCE = """
from numba import njit
@njit(cache=True)
def twice(x):
    return 2.0 * x
"""


def test_compiled_functions(tmp_path, monkeypatch, capsys):
    """What numba has stored, index and code; Python's bytecode is neither stored nor read."""
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    module = generated_module("tests", SOURCE)
    monkeypatch.delitem(sys.modules, module.__name__)
    assert module.twice(1.5) == 3.0
    paths = sorted((tmp_path / "tests" / "__pycache__").iterdir())
    assert {path.suffix for path in paths} == {".nbi", ".nbc"}
    for path in paths:
        assert is_intact(path)
        for flipped in flips(path.read_bytes()):
            path.write_bytes(flipped)
            assert not is_intact(path)
    again = generated_module("tests", SOURCE)
    monkeypatch.delitem(sys.modules, module.__name__)
    assert capsys.readouterr().err.count("is damaged and will be compiled again") == len(paths)
    assert again.twice(1.5) == 3.0
    assert all(map(is_intact, paths))
    third = generated_module("tests", SOURCE)
    monkeypatch.delitem(sys.modules, module.__name__)
    assert third.twice(1.5) == 3.0
    assert third.twice.stats.cache_hits


def test_compiled_models(tmp_path, capsys):
    """The program, the arrays beside it, and the checksum."""
    rng = np.random.default_rng(SEED)
    (tmp_path / ARRAYS).mkdir()
    for name in (PROGRAM, f"{ARRAYS}/one", f"{ARRAYS}/two"):
        (tmp_path / name).write_bytes(rng.bytes(500))
    write_atomically(tmp_path / CHECKSUM, checksum(tmp_path))
    assert is_complete(tmp_path)
    for name in (PROGRAM, f"{ARRAYS}/one", f"{ARRAYS}/two", CHECKSUM):
        content = (tmp_path / name).read_bytes()
        for flipped in flips(content):
            (tmp_path / name).write_bytes(flipped)
            assert not is_complete(tmp_path)
        (tmp_path / name).write_bytes(content)
    assert "is damaged and will be built again" in capsys.readouterr().err


def test_results_of_a_sweep(tmp_path):
    content = np.random.default_rng(SEED).bytes(2000)
    path = tmp_path / f"key.{sweep_folder.checksum(content)}.nc"
    path.write_bytes(content)
    assert sweep_folder.is_intact(path)
    for flipped in flips(content):
        path.write_bytes(flipped)
        assert not sweep_folder.is_intact(path)
