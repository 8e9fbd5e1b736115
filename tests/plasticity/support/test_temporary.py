"""Temporary files and folders: what is in use or belongs to others stays, what a killed process has left goes."""

import os
import signal
import subprocess
import sys
import threading
from io import FileIO

import pytest

from plasticity.support.temporary import LOCK, NAME, new_part, own_name, remove_left, temporary_folder
from plasticity.support.whole_file import whole_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
KILLED = """
import os, signal, sys
from pathlib import Path
from plasticity.support.temporary import temporary_folder
from plasticity.support.whole_file import whole_file
base = Path(sys.argv[1])
with temporary_folder(base) as folder, whole_file(base / "result.nc") as file:
    (folder / "numbers").touch()
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
FOREIGN = ["film.mkv.part", "result.nc.123.part", "steersman-notes", "steersman-1-notes.part", "brian_debug_1.log"]


def killed(base):
    done = subprocess.run([sys.executable, "-c", KILLED, str(base)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_has_left_is_removed_and_bears_its_number(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
    process.wait(60)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert len(left) == 2
    assert all(f"steersman-{process.pid}-" in name for name in left)
    assert len(remove_left(tmp_path)) == 2
    assert not list(tmp_path.iterdir())


def test_what_belongs_to_others_stays(tmp_path):
    for name in FOREIGN:
        (tmp_path / name).write_text("precious")
    (tmp_path / "folder.part").mkdir()
    killed(tmp_path)
    assert len(remove_left(tmp_path)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FOREIGN, "folder.part"])


def test_what_is_in_use_stays(tmp_path):
    with temporary_folder(tmp_path) as folder, whole_file(tmp_path / "a.nc") as file:
        file.write(b"content")
        assert remove_left(tmp_path) == []
        with temporary_folder(tmp_path) as other:
            assert folder.is_dir()
            assert other != folder
        assert not other.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    assert (tmp_path / "a.nc").read_bytes() == b"content"


def test_a_link_is_neither_followed_nor_removed(tmp_path):
    """In a folder that many share a link of the right name could point anywhere."""
    (tmp_path / "base").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "data").touch()
    link = tmp_path / "base" / own_name()
    link.symlink_to(tmp_path / "precious", target_is_directory=True)
    within = tmp_path / "base" / own_name()
    within.mkdir()
    (within / LOCK).symlink_to(tmp_path / "made")
    assert remove_left(tmp_path / "base") == []
    assert link.is_symlink()
    assert [path.name for path in (tmp_path / "precious").iterdir()] == ["data"]
    assert not (tmp_path / "made").exists()


def test_makers_and_removers_at_once_lose_nothing(tmp_path):
    """Between the making of a file and its lock a remover may take it for one that was left: it is then made anew."""
    ended = threading.Event()

    def remove():
        while not ended.is_set():
            remove_left(tmp_path)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for i in range(300):
            file, part = new_part(tmp_path / "a", FileIO)
            with file:
                file.write(bytes([i % 256]))
                os.replace(part, tmp_path / f"a{i}")
            with temporary_folder(tmp_path) as folder:
                (folder / "b").touch()
    finally:
        ended.set()
        remover.join()
    assert len(list(tmp_path.iterdir())) == 300
    assert not any(NAME.search(path.name) for path in tmp_path.iterdir())
