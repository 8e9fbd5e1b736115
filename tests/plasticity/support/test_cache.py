"""The cache: its folder in tidy and in bare environments, its keys, whole files, and what goes when it is full."""

import fcntl
import os
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, clear, entries, key, mark_used, trim, write_atomically
from plasticity.support.cli import exit_status
from scenarios.__main__ import main


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An environment that names no folder; where things go is under `tmp_path`."""
    for name in ("STEERSMAN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_the_folder_does_not_move_with_the_process(bare, monkeypatch):
    """A compiled program is started in a folder of its own, so its path must be absolute."""
    monkeypatch.setenv("STEERSMAN_CACHE", "kept")
    assert cache_folder("loops") == bare / "here" / "kept" / "loops"


@pytest.mark.parametrize("shared", ["", "relative"])
def test_nothing_is_written_where_the_user_happens_to_be(bare, monkeypatch, shared):
    """The specification of XDG: a path that is empty or relative is to be ignored."""
    monkeypatch.setenv("XDG_CACHE_HOME", shared)
    assert cache_folder("loops") == bare / "home" / ".cache" / "steersman" / "loops"
    assert not list((bare / "here").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="users have numbers on POSIX systems")
def test_a_user_without_a_home_has_a_temporary_folder_of_his_own(bare, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    folder = cache_folder("loops")
    assert folder == bare / "tmp" / f"steersman-{os.getuid()}" / "loops"
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    somebody = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: somebody)
    folder.parent.rename(bare / "tmp" / f"steersman-{somebody}")
    with pytest.raises(InputError, match="belongs to another user; set STEERSMAN_CACHE"):
        cache_folder("loops")


def test_what_is_kept_has_the_permissions_of_any_file_and_leaves_no_pieces(tmp_path):
    (tmp_path / "ordinary").touch()
    write_atomically(tmp_path / "kept", "text")
    assert (tmp_path / "kept").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomically(tmp_path / "folder", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept", "ordinary"]


@dataclass(frozen=True)
class Pair:
    """A record with two fields."""

    first: object
    second: object = None


def test_equal_values_have_one_key_and_others_another():
    """Every numeric, text or symbolic difference counts, however small; order in a mapping and NumPy scalars do not."""
    groups = [
        [{"a": 1, "b": 2.0}, {"b": 2.0, "a": 1}, {"b": np.float64(2.0), "a": np.int64(1)}],
        [{"a": 1.0, "b": 2.0}],
        [Pair(0.1), Pair(np.float64(0.1))],
        [Pair(np.nextafter(0.1, 1))],
        [Pair(None, 0.1)],
        [np.array([0.1, 0.2])],
        [np.array([0.1, np.nextafter(0.2, 1)])],
        [np.array([0.1, 0.2], dtype=np.float32)],
        [[0.1, 0.2]],
        [(0.1, 0.2)],
        [sp.Symbol("x")],
        [sp.Symbol("x", positive=True)],
        ["x"],
    ]
    keys = [{key(value) for value in group} for group in groups]
    assert [len(own) for own in keys] == [1] * len(groups)
    assert len(set.union(*keys)) == len(groups)
    with pytest.raises(InputError, match="cannot be distinguished from others; use a name or a record"):
        key({"rule": lambda: None})


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Three entries of 1000, 2000, 3000 bytes, last used 3, 2, 1 days ago."""
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    now = time.time()
    for number in (1, 2, 3):
        folder = cache_folder("loops")
        (folder / "__pycache__").mkdir(exist_ok=True)
        for path, size in ((folder / f"m{number}.py", 400), (folder / f"__pycache__/m{number}.run-1.nbc", 600)):
            path.write_bytes(b"x" * (size * number))
            os.utime(path, (now, now - (4 - number) * 86400))
    return tmp_path


def test_source_and_compiled_functions_are_one_entry(cache):
    assert [(e.kind, e.name, e.size) for e in entries()] == [("loops", f"m{n}", 1000 * n) for n in (1, 2, 3)]


def test_the_oldest_goes_first_and_use_makes_young(cache):
    mark_used(cache / "loops" / "m1.py")
    assert [e.name for e in trim(4500)] == ["m2"]
    assert [e.name for e in entries()] == ["m3", "m1"]
    assert trim(4500) == []
    assert [e.name for e in trim(0)] == ["m3"]  # what was used a moment ago may be in use
    assert not list(cache.rglob("m3*"))


def test_a_locked_entry_stays(cache):
    brian = cache_folder("brian")
    (brian / "abc").mkdir()
    (brian / "abc" / "main").write_bytes(b"x" * 500)
    with open(brian / "abc.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert {e.name for e in clear()} == {"m1", "m2", "m3"}
        assert (brian / "abc" / "main").exists()
    assert {e.name for e in clear()} == {"abc"}
    assert not (brian / "abc").exists()
    assert (brian / "abc.lock").exists()
    assert entries() == []


@pytest.mark.parametrize("limit", ["much", "2GB", "nan", "-1"])
def test_a_limit_is_a_number_of_bytes(cache, monkeypatch, limit):
    monkeypatch.setenv("STEERSMAN_CACHE_LIMIT", limit)
    with pytest.raises(InputError, match=f"STEERSMAN_CACHE_LIMIT must be a number of bytes such as 2e9, got '{limit}'"):
        trim()
    assert len(entries()) == 3


def test_the_command_lists_and_clears(cache, capsys, monkeypatch):
    monkeypatch.setenv("STEERSMAN_CACHE_LIMIT", "5e6")
    assert exit_status(main, ["cache"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].split() == ["loops", "3", "entries", "0.0", "MB"]
    assert f"{cache}, limit 5 MB" in shown.err
    assert exit_status(main, ["cache", "--clear"]) == 0
    assert entries() == []
    monkeypatch.setenv("STEERSMAN_CACHE_LIMIT", "much")
    capsys.readouterr()
    assert exit_status(main, ["cache"]) == 2
    assert "STEERSMAN_CACHE_LIMIT must be a number of bytes" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
@pytest.mark.parametrize("inner", [False, True])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path, monkeypatch, mode, inner):
    """What is in it is executed: compiled functions and programs."""
    base = tmp_path / "cache"
    monkeypatch.setenv("STEERSMAN_CACHE", str(base))
    folder = cache_folder("loops")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (base, folder)] == [0o700, 0o700]
    open_to_all = folder if inner else base
    open_to_all.chmod(mode)
    with pytest.raises(InputError, match="others can write to .*; run `chmod go-w .*`, or set STEERSMAN_CACHE"):
        cache_folder("loops")
    open_to_all.chmod(0o755)
    assert cache_folder("loops") == folder
