"""Where the cache of generated code is, in tidy and in bare environments, and what is written there."""

import os
import stat
import sys
from pathlib import Path

import pytest

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, keep


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
    with pytest.raises(InputError, match="belongs to somebody else; set STEERSMAN_CACHE"):
        cache_folder("loops")


def test_what_is_kept_has_the_permissions_of_any_file_and_leaves_no_pieces(tmp_path):
    (tmp_path / "ordinary").touch()
    keep(tmp_path / "kept", "text")
    assert (tmp_path / "kept").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        keep(tmp_path / "folder", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept", "ordinary"]
