"""Generated modules: made anew where their text is damaged, an error with a remedy where it cannot be kept."""

import resource
import signal
import sys

import pytest

from plasticity.compile.generated import generated_module
from plasticity.errors import InputError

SOURCE = '"""A module."""\n\nANSWER = 42\n'


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("steersman_tests_"):
            del sys.modules[name]


@pytest.mark.parametrize("damage", [b"", b'"""A module', b"\xff\xfe\x00"])
def test_a_damaged_text_is_written_again(cache, damage):
    """The last damage is no text at all."""
    name = generated_module("tests", SOURCE).__name__
    del sys.modules[name]
    path = cache / "tests" / f"{name}.py"
    path.write_bytes(damage)
    assert generated_module("tests", SOURCE).ANSWER == 42
    assert path.read_text(encoding="utf-8") == SOURCE


def test_a_full_disk_is_named_and_leaves_no_pieces(cache):
    limits, action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(InputError, match="cannot keep generated code in .*; make room, or set STEERSMAN_CACHE"):
            generated_module("tests", SOURCE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert not [path for path in cache.rglob("*") if path.is_file()]
