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
    "loops": "result = replay(rules.load('pair_stdp')(), [0.1, 0.2], [0.11, 0.21]).weight.values",
    "descents": "result = simulate(rules.load('heavy_ball')(), Quadratic([2.0], [0.0]), [1.0], 9, 0.1).theta.values",
}
COUNT = """
module = next(m for name, m in sys.modules.items() if name.startswith('steersman_'))
functions = [f for f in vars(module).values() if hasattr(f, 'stats')]
print(json.dumps([sum(sum(f.stats.cache_hits.values()) for f in functions),
                  sum(sum(f.stats.cache_misses.values()) for f in functions), float(result.ravel()[-1])]))
"""


def run(job, cache):
    """Hits and misses of numba's cache in a new process, and a number that the job gives."""
    code = SETUP + JOBS[job] + COUNT
    environment = {"STEERSMAN_CACHE": str(cache), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.slow  # each process imports numba, the first one compiles
@pytest.mark.parametrize("job", JOBS)
def test_a_second_process_does_not_compile_and_damage_is_mended(job, tmp_path):
    (hits, misses, first), _ = run(job, tmp_path)
    assert misses > 0
    (hits, misses, second), message = run(job, tmp_path)
    assert misses == 0
    assert hits > 0
    assert message == ""
    victims = sorted((tmp_path / job / "__pycache__").glob("*.run-*.nb*"))
    assert {path.suffix for path in victims} == {".nbi", ".nbc"}
    for victim in victims:
        victim.write_bytes(victim.read_bytes()[:-20])
    (hits, misses, third), message = run(job, tmp_path)
    assert misses > 0
    assert message.count("is damaged and will be compiled again") == len(victims)
    assert first == second == third


def test_every_numba_function_is_kept():
    """Whoever writes ``njit`` without ``cache=True`` makes every process wait for the compiler."""
    for package in ("plasticity", "circuits", "scenarios", "analysis"):
        for path in (ROOT / package).rglob("*.py"):
            for call in re.findall(r"^\s*@(?:numba\.)?n?jit\b.*$", path.read_text(encoding="utf-8"), re.M):
                assert "cache=True" in call, path
