"""Generated functions are compiled once: a later process loads them, and mends what was damaged."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SETUP = (
    "import json, sys; from plasticity import replay, simulate, rules; from plasticity.landscapes import Quadratic\n"
)
JOBS = {
    "loops": "replay(rules.load('pair_stdp')(), [0.1, 0.2], [0.11, 0.21]).weight.values",
    "descents": "simulate(rules.load('heavy_ball')(), Quadratic([2.0], [0.0]), [1.0], 9, 0.1).theta.values",
}
COUNT = """
def counted(kind):
    module = next(m for name, m in sys.modules.items() if name.startswith(f'steersman_{kind}_'))
    functions = [f for f in vars(module).values() if hasattr(f, 'stats')]
    return [sum(sum(f.stats.cache_hits.values()) for f in functions),
            sum(sum(f.stats.cache_misses.values()) for f in functions), float(results[kind].ravel()[-1])]
print(json.dumps({kind: counted(kind) for kind in results}))
"""


def run(cache):
    """Hits and misses of numba's cache in a new process and a number that the job gives, for every job; messages."""
    code = SETUP + f"results = {{{', '.join(f'{kind!r}: {job}' for kind, job in JOBS.items())}}}" + COUNT
    environment = {"STEERSMAN_CACHE": str(cache), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What three processes found, one after the other, what they said, and what was damaged before the third one."""
    cache = tmp_path_factory.mktemp("cache")
    found = [run(cache), run(cache)]
    victims = {kind: sorted((cache / kind / "__pycache__").glob("*.run-*.nb*")) for kind in JOBS}
    for victim in (path for paths in victims.values() for path in paths):
        victim.write_bytes(victim.read_bytes()[:-20])
    return [*found, run(cache)], victims


@pytest.mark.slow  # each process imports numba, the first one compiles
@pytest.mark.parametrize("kind", JOBS)
def test_a_second_process_does_not_compile_and_damage_is_mended(kind, processes):
    (first, second, third), victims = processes
    hits, misses, value = first[0][kind]
    assert misses > 0
    hits, misses, again = second[0][kind]
    assert misses == 0
    assert hits > 0
    assert second[1] == ""
    assert {path.suffix for path in victims[kind]} == {".nbi", ".nbc"}
    hits, misses, mended = third[0][kind]
    assert misses > 0
    said = [line for line in third[1].splitlines() if "is damaged and will be compiled again" in line]
    assert len([line for line in said if f"steersman_{kind}_" in line]) == len(victims[kind])
    assert len(said) == sum(len(paths) for paths in victims.values())
    assert value == again == mended


def test_every_numba_function_is_kept():
    """Whoever writes ``njit`` without ``cache=True`` makes every process wait for the compiler."""
    for package in ("plasticity", "circuits", "scenarios", "analysis"):
        for path in (ROOT / package).rglob("*.py"):
            for call in re.findall(r"^\s*@(?:numba\.)?n?jit\b.*$", path.read_text(encoding="utf-8"), re.M):
                assert "cache=True" in call, path
