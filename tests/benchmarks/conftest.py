"""Benchmarks are no tests: they are started by their runner, and import what is beside them."""

from pathlib import Path

HERE = Path(__file__).parent
collect_ignore = [str(path) for path in HERE.rglob("*.py") if not path.name.startswith(("test_", "conftest"))]
