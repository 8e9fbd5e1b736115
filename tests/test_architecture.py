"""The shape of the project: who may import whom, what an import costs, public names, packaging, references."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("plasticity", "circuits", "scenarios", "analysis")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MAY_IMPORT = {
    "plasticity": {"plasticity"},
    "circuits": {"circuits", "plasticity"},
    "scenarios": {"scenarios", "circuits", "plasticity"},
    "analysis": {"analysis", "plasticity"},
}
HEAVY = ["brian2", "numba", "sympy", "matplotlib", "scipy", "xarray", "pandas", "numpy"]
PUBLIC = {
    "plasticity": "Controllability FeedbackChannel Objective Rule compile_rule critical_discount derive explain "
    "observe optimality plan replay simulate solve",
    "analysis": "Comparison Fit as_dataset check_dataset compare confusion convergence_rate discriminate fit "
    "learning_curve leave_out posterior recover report stdp_window table time_to_criterion weight_moments",
    "circuits": "Circuit Feedback NeuronModel Population Projection RateCircuit RatePopulation RateProjection RateRun "
    "Run Stimulus all_to_all as_dataset at_random build conductance_lif critic escape_rate lif load names pulse_lif "
    "readout run spike_source",
    "scenarios": "load names parameter random_points run sweep",
}


def imports(tree, inside_functions=True):
    """Top-level package names that a module imports."""
    inner = {
        n
        for f in ast.walk(tree)
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for n in ast.walk(f)
    }
    for node in ast.walk(tree):
        if not inside_functions and node in inner:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_layers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(ROOT).parts[0]
    ours = {name for name in imports(tree) if name in PACKAGES}
    at_top = {name for name in imports(tree, inside_functions=False) if name in PACKAGES}
    allowed = MAY_IMPORT[package]
    assert at_top <= allowed
    assert ours <= (allowed | {"analysis"} if package == "scenarios" else allowed)
    if package != "circuits":
        assert "brian2" not in set(imports(tree))


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_heavy(package):
    code = f"import sys, {package}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_pinned(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == PUBLIC[package].split()
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_a_function_is_not_hidden_by_its_module():
    import plasticity
    import plasticity.replay  # the import system would put the module where the function is

    assert callable(plasticity.replay)
    assert plasticity.replay.__name__ == "replay"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_names_are_ours_alone(package):
    owners = set(importlib.metadata.packages_distributions()[package])
    assert owners == {"steersman"}, f"{package} also belongs to {owners - {'steersman'}}: pip uninstall it"
    origin = Path(importlib.import_module(package).__file__)
    assert ROOT in origin.parents, f"{package} is imported from {origin}; use an environment of its own"


def test_every_reference_is_in_the_bibliography():
    known = set(re.findall(r"@\w+\{(\w+),", (ROOT / "plasticity" / "REFERENCES.bib").read_text(encoding="utf-8")))
    cited = {}
    for path in MODULES:
        for section in re.findall(
            r"References\n\s+-+\n(.*?)(?:\n\s*\n|\"\"\")", path.read_text(encoding="utf-8"), re.S
        ):
            for key in re.findall(r"\b[a-z]+(?:_[a-z]+)*_(?:18|19|20)\d\d[a-z]?\b", section):
                cited.setdefault(key, path.name)
    assert cited
    assert {k: v for k, v in cited.items() if k not in known} == {}


def test_data_files_are_packaged():
    listed = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    files = [p for package in PACKAGES for p in (ROOT / package).rglob("*") if p.is_file()]
    for suffix in {p.suffix for p in files if p.parent.name != "__pycache__"}:
        assert suffix == ".py" or f"*{suffix}" in listed
