"""The cache of generated code: what belongs together, what goes first, what stays."""

import fcntl
import os
import time

import pytest

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder
from plasticity.support.cache_entries import clear, entries, mark_used, trim
from plasticity.support.cli import exit_status
from scenarios.__main__ import main


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
