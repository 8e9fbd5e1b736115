"""Nothing is derived, compiled or swept again unless code changes that can change a number, or a file is damaged."""

import ast
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp

from plasticity.compile.generated import generated_module
from plasticity.errors import InputError
from plasticity.rule import Step
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.code import code_hash, imported_files

ROOT = Path(__file__).parents[3]
PACKAGES = ("plasticity", "circuits", "scenarios", "analysis")
JOB = """
import json, sys
from plasticity import replay, rules
from scenarios.sweeps.make_plan import code_in_use

cards = [str(rules.load(name)().card()) for name in ("derived_bcm", "heavy_ball")]
weight = float(replay(rules.load("pair_stdp")(), [0.1, 0.2], [0.11, 0.21]).weight.values[-1])
modules = [module for name, module in sys.modules.items() if name.startswith("steersman_")]
functions = [function for module in modules for function in vars(module).values() if hasattr(function, "stats")]
loaded = sum(sum(function.stats.cache_hits.values()) for function in functions)
compiled = sum(len(function.signatures) for function in functions) - loaded
sweeps = {name: code_in_use(name) for name in ("horizon", "pairing_frequency")}
print(json.dumps([[cards, weight], compiled, loaded, sweeps]))
"""


class Copy:
    """Copy of the packages with a cache of its own; every `run` is a new process."""

    def __init__(self, folder):
        self.root, self.cache = folder / "code", folder / "cache"
        for package in PACKAGES:
            shutil.copytree(ROOT / package, self.root / package, ignore=shutil.ignore_patterns("__pycache__"))

    def run(self):
        """What the job computes, functions compiled and loaded, code of sweeps, time stamps of algebra, messages."""
        environment = {"STEERSMAN_CACHE": str(self.cache), "PYTHONPATH": str(self.root), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-c", JOB], env=environment, cwd=self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        stamps = {path.name: path.stat().st_mtime_ns for path in (self.cache / "algebra").iterdir()}
        return *json.loads(done.stdout), stamps, done.stderr

    def edit(self, name, change):
        path = self.root / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.mark.slow  # four processes, of which two compile
def test_only_edits_of_code_and_damage_make_work_again(tmp_path):
    copy = Copy(tmp_path)
    values, compiled, _, sweeps, algebra, _ = copy.run()
    assert compiled > 0
    assert algebra

    for path in copy.root.rglob("*.py"):
        copy.edit(path, lambda text: "# A comment.\n" + text.replace('"""', '"""An edited docstring. ', 1))
    for path in (*copy.root.rglob("*.h"), *copy.root.rglob("*.cpp")):
        copy.edit(path, lambda text: "// A comment.\n" + text)
    assert copy.run() == (values, 0, compiled, sweeps, algebra, "")

    copy.edit("plasticity/rules/triplet_stdp.py", lambda text: text + "\nNUMBER = 1.5\n")
    *same, edited, stamps, _ = copy.run()
    assert same == [values, 0, compiled]
    assert stamps == algebra
    assert edited["horizon"] == sweeps["horizon"]
    assert edited["pairing_frequency"] != sweeps["pairing_frequency"]  # its rule may be any

    copy.edit("plasticity/theory/control.py", lambda text: text + "\nNUMBER = 1.5\n")
    for path in (copy.cache / "loops").glob("__pycache__/*.nb*"):
        path.write_bytes(path.read_bytes()[:-20])
    *same, _, stamps, messages = copy.run()
    assert same == [values, compiled, 0]
    assert set(stamps) > set(algebra)
    assert messages.count("is damaged and will be compiled again") == len(messages.splitlines()) > 1


def test_imports_are_followed_within_functions_and_through_packages(tmp_path):
    """Relative and absolute imports count, those for type checkers do not; a whole package is all of its modules."""
    files = {
        "lab/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lab.three import x",
        "lab/one.py": "def f():\n    from .two import g\n    from lab import x\n",
        "lab/two.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lab.unused\n",
        "lab/three.py": "from plasticity.errors import InputError\nimport lab.inner",
        "lab/inner/a.py": "import numpy",
        "lab/inner/step.cpp": "int x;",
        "lab/unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    reached = set(imported_files(tmp_path / "lab/one.py"))
    own = {tmp_path / name for name in files if "unused" not in name}
    assert own | {ROOT / "plasticity/errors.py"} <= reached
    assert tmp_path / "lab/unused.py" not in reached
    assert all(path.is_relative_to(ROOT / "plasticity") for path in reached - own)


@pytest.mark.parametrize(
    ("name", "text", "same", "other"),
    [
        ("a.py", "x = 1  # one\n", '"""Text."""\n\nx = (1)\n', "x = 2"),
        (
            "a.py",
            "def f(x):\n    return x\n",
            'def f(x):\n    """Twice."""\n    return x\n',
            "def f(x):\n    return 1",
        ),
        ("a.py", "x = '# 1'", 'x = "# 1"', "x = '# 2'"),
        ("a.h", "x = 1; // one\n", "/* the\n number */ x   = 1;\n\n", "x = 2;"),
        ("a.h", 's = "// 1";', ' s = "// 1"; // text', 's = "// 2";'),
    ],
)
def test_comments_docstrings_and_layout_do_not_change_the_hash(tmp_path, name, text, same, other):
    hashes = []
    for n, content in enumerate((text, same, other)):
        path = tmp_path / str(n) / name
        path.parent.mkdir()
        path.write_text(content)
        hashes.append(code_hash([path]))
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A cached function, the calls that really ran, and the cache folder; asked as in a new process each time."""
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    runs, y = [], sp.Symbol("y", real=True)

    @cached_algebra
    def squared(x):
        runs.append(x)
        return sp.Matrix([[x, 1]]), (Step("Square", sp.Eq(y, x**2 / 3 + sp.Float(0.1) - y), "of a sum"),), None

    def anew(x):
        squared.cache_clear()
        return squared(x)

    return anew, runs, tmp_path / "algebra"


def test_algebra_is_read_as_it_was_derived(counted):
    anew, runs, _ = counted
    x, positive = sp.Symbol("x"), sp.Symbol("x", positive=True)
    assert anew(x) == anew(x)
    assert runs == [x]
    assert anew(positive) != anew(x)
    assert anew(positive)[0].free_symbols == {positive}
    assert runs == [x, positive]


def test_a_flipped_bit_anywhere_in_algebra_is_noticed(counted):
    anew, runs, folder = counted
    derived = anew(sp.Symbol("x"))
    (path,) = folder.iterdir()
    intact = path.read_bytes()
    for position in range(len(intact)):
        path.write_bytes(intact[:position] + bytes([intact[position] ^ 4]) + intact[position + 1 :])
        assert anew(sp.Symbol("x")) == derived
        assert len(runs) == position + 2
    assert path.read_bytes() == intact


def test_a_file_of_algebra_cannot_run_code(counted):
    """Even with the right checksum: only symbols, expressions and records are made."""
    anew, runs, folder = counted
    anew(sp.Symbol("x"))
    (path,) = folder.iterdir()
    text = f"__import__('os').mkdir({str(folder / 'made')!r})"
    path.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
    anew(sp.Symbol("x"))
    assert len(runs) == 2
    assert not (folder / "made").exists()


SOURCE = '"""A module."""\n\nANSWER = 42  # a number\n'


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("steersman_tests_"):
            del sys.modules[name]


def test_generated_modules_are_those_of_their_code(cache):
    module = generated_module("tests", SOURCE)
    assert module.ANSWER == 42
    assert generated_module("tests", "ANSWER = (42)") is module
    assert generated_module("tests", "ANSWER = 43").ANSWER == 43


@pytest.mark.parametrize("damage", [b"", b'"""A module', b"\xff\xfe\x00"])
def test_a_damaged_generated_module_is_written_again(cache, damage):
    """The last damage is no text at all."""
    name = generated_module("tests", SOURCE).__name__
    del sys.modules[name]
    path = cache / "tests" / f"{name}.py"
    path.write_bytes(damage)
    assert generated_module("tests", SOURCE).ANSWER == 42
    assert ast.dump(ast.parse(path.read_text(encoding="utf-8"))) == ast.dump(ast.parse("ANSWER = 42"))


def test_a_full_disk_is_named_and_leaves_no_pieces(cache):
    limits, action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(InputError, match="cannot write generated code to .*; make room, or set STEERSMAN_CACHE"):
            generated_module("tests", SOURCE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert not [path for path in cache.rglob("*") if path.is_file()]
