"""The shape of the project: who may import whom, what an import costs, names, packaging, references."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from plasticity.support import catalog
from tests.user_script import final_weight

ROOT = Path(__file__).parents[1]
PACKAGES = ("plasticity", "circuits", "scenarios", "analysis", "course", "steersman")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MAY_IMPORT = {
    "plasticity": {"plasticity"},
    "circuits": {"circuits", "plasticity"},
    "scenarios": {"scenarios", "circuits", "plasticity"},
    "analysis": {"analysis", "plasticity"},
    "course": {"course", "analysis", "scenarios", "circuits", "plasticity"},
    "steersman": set(PACKAGES),
}
HEAVY = ["brian2", "numba", "sympy", "matplotlib", "scipy", "xarray", "pandas", "numpy"]
STOREYS = 8  # the longest chain of imports in a package
DIALECT = {"told", "given", "said", "kept", "heard", "granted", "wanted", "found", "look"}  # no names of anything
CATALOGUES = {
    "plasticity.rules": "plasticity/rules",
    "plasticity.signals": "plasticity/signals",
    "circuits": "circuits",
    "scenarios": "scenarios task_sequence",
}


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path): path for path in MODULES}


def statements(node, in_functions=True):
    """Nodes that Python executes: not those under ``if TYPE_CHECKING:``, and those in functions only if asked."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not in_functions:
            continue
        yield child
        yield from statements(child, in_functions)


def imports(path, in_functions=True):
    """Full names of the modules that a module imports, anywhere in its text."""
    for node in statements(tree(path), in_functions):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module


def packages_of(names):
    return {name.partition(".")[0] for name in names}


def test_imports_follow_the_layers():
    for path in MODULES:
        package = path.relative_to(ROOT).parts[0]
        everywhere, at_top = packages_of(imports(path)), packages_of(imports(path, in_functions=False))
        allowed = MAY_IMPORT[package]
        assert at_top & set(PACKAGES) <= allowed, path
        also = {"analysis"} if package == "scenarios" or path.stem == "__main__" else set()  # in functions: figures
        assert everywhere & set(PACKAGES) <= allowed | also, path
        assert package == "circuits" or "brian2" not in everywhere, path


def storey(name, imported, above=()):
    """Length of the longest chain of imports below a module; a circle is an error that shows it."""
    assert name not in above, f"circle of imports: {' -> '.join([*above[above.index(name) :], name])}"
    return 1 + max((storey(other, imported, (*above, name)) for other in imported[name]), default=0)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_make_no_circle_and_few_storeys(package):
    own = {name: path for name, path in NAMES.items() if name.partition(".")[0] == package}
    imported = {name: {i for i in imports(path) if i in own and i != name} for name, path in own.items()}
    tallest = {name: storey(name, imported) for name in own}
    assert max(tallest.values()) <= STOREYS, sorted(n for n, height in tallest.items() if height > STOREYS)


def test_a_rule_imports_nothing_above_it():
    above = {f"plasticity.{name}" for name in ("derive", "limits", "pages", "compile", "theory")}
    for name in ("rule", "signal"):
        assert not [i for i in imports(NAMES[f"plasticity.{name}"]) if any(i.startswith(a) for a in above)]


def test_catalogues_hold_members_only():
    """No module with a leading underscore; at the top of circuits and scenarios everything else is in folders."""
    for package, folder in CATALOGUES.items():
        files = {path.stem for path in (ROOT / folder).glob("*.py")}
        assert files - set(catalog.names(package)) <= {"__init__", "__main__"}
    assert [path for path in MODULES if path.stem.startswith("_") and not path.stem.startswith("__")] == []


def defined_names(path):
    """Identifiers that a module defines: variables, arguments, functions, classes, and its own name."""
    yield path.stem
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_names_are_the_fields_words():
    used = {(module_name(path), name) for path in MODULES for name in defined_names(path)}
    assert sorted(pair for pair in used if DIALECT & set(pair[1].strip("_").lower().split("_"))) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_heavy(package):
    code = f"import sys, {package}; dir({package}); print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PUBLIC = {
    "plasticity": "Assumptions CURVATURE Controllability DivergedError DoubleWell DualControl FadingMemory "
    "FeedbackChannel GRADIENT GaussianWeight InputError Landscape LandscapePolicy LandscapeShape LinearGaussian "
    "MatrixFree NeuronVariable Objective ObservedCurvature OrnsteinUhlenbeck Parameter Policy Quadratic "
    "RecurringContexts Rule ShapePosterior Signal State Step SwitchingTask SynapseModel TaskPrior TrialLearner "
    "UnitWarning UnknownNameError Update WEIGHT assumptions_of compile_rule conformance critical_discount crossings "
    "dataset derive derive_trials dual_control excess explain export filters fisher_information fisher_matrix "
    "from_expression glossary jump local observe optimality pairing path_excess plan poisson_trains policy "
    "quadruplet replay rules shape_posterior signals simulate solve step_policy time_constant trace triplet",
    "analysis": "AssumptionSet Comparison Experiment Fit Inference Model as_dataset check_dataset choice_learner "
    "compare compare_assumptions confusion convergence_rate "
    "datasets design discriminate figures fit identifiable infer learning_curve leave_out left_out_score posterior "
    "recover report report_inference state_space stdp_window table time_to_criterion trial_learner weight_moments",
    "circuits": "Circuit Feedback NeuronModel Phase Population Projection RateUnit "
    "Run RunState Stimulus actor all_to_all as_dataset at_random balanced_ei build conductance_lif critic escape_rate "
    "escape_rate_neuron estimate feedforward_rate feedforward_spiking lif load names pairing poisson_source pulse_lif "
    "read_state readout recurrent_lif recurrent_rate run run_arguments spike_source two_compartment "
    "write_state",
    "course": "build check grade lessons symbol_table",
    "course.check": "Verdict code curve formula hints judge number personal prediction",
    "scenarios": "brain_computer_interface change_points choices competitive_stdp controllability digits distal_reward "
    "double_well horizon infer_assumptions inhibitory_balance large_network load motor_adaptation named_rules names "
    "pairing_frequency parameter partial_control place_field_plateaus random_feedback random_points run "
    "spike_timing sweep synapse_sizes task_sequence theory_check unsupervised_digits voltage_rule which_rule_when",
    "plasticity.conformance": "GoldenRule Kit Outcome Sequence check labels make read sequence_table sequences summary "
    "write",
    "plasticity.export": "FORMATS brian2 files latex markdown nestml optax torch write",
}


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_pinned_and_shown(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == PUBLIC[package].split()
    assert set(module.__all__) <= set(dir(module))
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_one_name_reaches_all_packages():
    import steersman as sm

    for package in ("plasticity", "circuits", "analysis"):
        module = importlib.import_module(package)
        members = catalog.names(package) if package == "circuits" else []
        twice = {"as_dataset", "build", "load", "names", "run"}
        for name in set(PUBLIC[package].split()) - twice - set(members):
            assert getattr(sm, name) is getattr(module, name)
        assert getattr(sm, package) is module
    assert sm.scenarios.run is importlib.import_module("scenarios").run


@pytest.mark.parametrize("package", [*CATALOGUES, "analysis.datasets", "analysis.figures"])
def test_completion_offers_the_members_of_a_catalogue_and_no_helpers(package):
    module = importlib.import_module(package)
    assert set(catalog.names(package)) <= set(dir(module)) <= {*catalog.names(package), *module.__all__}
    assert callable(getattr(module, catalog.names(package)[0])) or package == "scenarios"


@pytest.mark.parametrize("package", CATALOGUES)
def test_editors_see_every_member(package):
    """The imports under TYPE_CHECKING in the __init__ of a catalogue are those of its folder."""
    blocks = [n for n in tree(NAMES[package]).body if isinstance(n, ast.If)]
    lines = [line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom)]
    files = {path.stem for path in (ROOT / CATALOGUES[package]).glob("[!_]*.py")}
    assert files <= {alias.name for line in lines for alias in line.names}


def test_a_users_script_runs_as_it_is_type_checked():
    """One pair 10 ms apart under pair STDP with its default amplitude and time constant."""
    import math

    import steersman as sm

    values = sm.rules.pair_stdp().values
    change = values["A_plus"] * math.exp(-0.01 / values["tau_plus"])
    assert final_weight() == pytest.approx(1 + change, rel=1e-12)


ORDERS = """
import importlib, json, sys
from plasticity.support import catalog
package, first = sys.argv[1], sys.argv[2] == "module"
module = importlib.import_module(package)
for name in catalog.names(package):
    if first:
        importlib.import_module(f"{package}.{name}")
        result = getattr(module, name)
    else:
        result = getattr(module, name)
        importlib.import_module(f"{package}.{name}")
        assert getattr(module, name) is result, name
    if package.endswith(("rules", "signals")):
        result = result()
    elif package == "circuits":
        assert callable(result), name
    else:
        assert result.SMOKE is not None, name
for name in module.__all__:
    origin = module._home.get(name)
    function = getattr(module, name)
    if origin:
        importlib.import_module(origin)
    assert getattr(module, name) is function, name
"""


@pytest.mark.parametrize("package", CATALOGUES)
@pytest.mark.parametrize("first", ["module", "function"])
def test_a_member_can_be_imported_and_called_in_any_order(package, first):
    """In a fresh interpreter: the import system would put a module where the function of its name is."""
    done = subprocess.run([sys.executable, "-c", ORDERS, package, first], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_names_are_ours_alone(package):
    owners = set(importlib.metadata.packages_distributions()[package])
    assert owners == {"steersman"}, f"{package} also belongs to {owners - {'steersman'}}: pip uninstall it"
    origin = Path(importlib.import_module(package).__file__)
    assert ROOT in origin.parents, f"{package} is imported from {origin}; use an environment of its own"


def test_every_reference_is_in_the_bibliography():
    known = tomllib.loads((ROOT / "plasticity" / "references.toml").read_text(encoding="utf-8"))
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
    for path in {p for p in files if p.parent.name != "__pycache__" and p.suffix != ".py"}:
        assert f"*{path.suffix}" in listed or path.name in listed, path
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


def test_files_that_the_makefile_names_exist():
    named = re.findall(r"tests/[\w/]+\.py", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).is_file()] == []
