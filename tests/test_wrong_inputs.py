"""Wrong inputs of every public function and record: refused with an `InputError` that names the argument.

The functions and their parameters are read from the packages. The kind of a parameter, and so the values that are wrong
for it (`tests/wrong_values.py`), comes from its name or its annotation, or stands in `KIND` beforehand.
"""

from functools import cache
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import sympy as sp
import xarray as xr

import analysis
import circuits
import plasticity
import scenarios
from analysis import datasets
from course import check
from plasticity import conformance, errors, export, filters, rules, signals
from plasticity.errors import InputError
from plasticity.support import catalog
from tests import wrong_values
from tests.wrong_values import HUGE, INFINITE, NAN, NO_NUMBER, STRANGE

X, M = sp.symbols("x m", real=True)
BOWL = plasticity.Quadratic([1.0], [0.0])
DESCENT, PAIR = rules.gradient_descent(), rules.pair_stdp()
GOAL = plasticity.Objective(discount=0.5)
FOLDER = "/dev/null/none"  # a folder that cannot be made, so that nothing is written
TRAINS = [[0.001, 0.004], [0.002]]
LIF = circuits.lif()
TWO = circuits.Population("two", neuron=LIF, n=2)
PLAIN = circuits.pairing([[0.01]], [[0.02]], PAIR)
HILL = plasticity.DoubleWell(tilt=0.1)
WELLS = {"objective": GOAL, "landscape": HILL, "from_minimum": [-1.0, 0], "to_minimum": [1.0, 0]}
OU = plasticity.OrnsteinUhlenbeck(1.0, 1.0, 1.0)
SWITCHING = plasticity.SwitchingTask(0.1, 0.0, 1.0, 1.0)
KALMAN = filters.ornstein_uhlenbeck(OU, 0.1)
CURVE = xr.DataArray(np.exp(-np.arange(30.0)), dims="time", name="loss", attrs={"units": "1", "long_name": "loss"})
CURVE = CURVE.assign_coords(time=("time", np.arange(30), {"units": "1", "long_name": "time"}))


@cache
def descent():
    return plasticity.simulate(DESCENT, BOWL, [1.0], 3, 0.1)


@cache
def fitted():
    return analysis.fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1)


@cache
def inferred():
    return analysis.infer(MOVES, STEEP, times=TIMES, check=False, n_draws=200)


@cache
def comparison():
    return analysis.compare([analysis.as_dataset(fitted())])


RETURNED = {
    plasticity.Assumptions,
    plasticity.TrialLearner,
    plasticity.DualControl,
    plasticity.ShapePosterior,
    analysis.AssumptionSet,
    *(conformance.GoldenRule, conformance.Kit, conformance.Outcome, conformance.Sequence),
    analysis.Inference,  # records and errors that functions return or raise; users do not make them
    *(plasticity.Policy, plasticity.LandscapePolicy, plasticity.SynapseModel, plasticity.Landscape),
    *(circuits.Run, circuits.RunState),
    *(analysis.Fit, analysis.Comparison, *(v for v in vars(errors).values() if isinstance(v, type))),
}
TIMES = np.arange(20) / 5
MOVES = np.exp(-np.outer(TIMES, [0.5, 1.2]))[None] * np.array([[[1.0, 2.0]], [[-1.0, 1.0]]])
STEEP = plasticity.Quadratic([1.0, 3.0], [0.0, 0.0])
KIT = conformance.make(["pair_stdp"])
TEMPORARY = TemporaryDirectory()
KIT_FILE = conformance.write(KIT, f"{TEMPORARY.name}/kit.json")
PROBE = analysis.Experiment(STEEP, [1.0, 2.0], TIMES)
CALLS = {  # arguments with which every function runs, beside those that have no required ones
    analysis.Experiment: {"landscapes": STEEP, "starts": [1.0, 2.0], "times": TIMES},
    analysis.Model: {"name": "flat", "title": "flat", "function": abs, "parameters": ()},
    analysis.design: {"unknown": ("discount",), "choices": {"one": PROBE}},
    analysis.identifiable: {"experiment": PROBE},
    analysis.infer: {"data": MOVES, "landscapes": STEEP, "times": TIMES, "check": False, "n_draws": 200},
    analysis.left_out_score: {"answer": None},
    analysis.compare_assumptions: {"data": MOVES, "landscapes": STEEP, "sets": {"own": {}}, "times": TIMES},
    analysis.report_inference: {"answer": None, "directory": FOLDER},
    check.Verdict: {"correct": True, "message": "It is."},
    check.code: {"answer": abs, "reference": abs, "problem": lambda random: (1.0,)},
    check.curve: {"answer": [1.0, 2.0], "x": [1.0, 2.0], "expected": [1.0, 2.0]},
    check.formula: {"answer": "g", "expected": DESCENT},
    check.hints: {"mistakes": {}, "names": {}},
    check.judge: {"answer": lambda: 1.0, "check": lambda answer: check.number(answer, 1.0)},
    check.number: {"answer": 1.0, "expected": 1.0},
    check.personal: {"name": "Ada", "exercise": "one"},
    check.prediction: {"answer": "yes", "options": {"yes": True, "no": False}},
    conformance.check: {"kit": KIT, "run": lambda rule, sequence: KIT.weights[rule.label][sequence.name]},
    conformance.make: {"rules": ["pair_stdp"]},
    conformance.read: {"path": KIT_FILE},
    conformance.summary: {"outcomes": ()},
    conformance.write: {"kit": KIT, "path": FOLDER},
    export.brian2: {"rule": PAIR},
    export.files: {"rule": DESCENT, "format": "markdown"},
    export.latex: {"rule": DESCENT},
    export.markdown: {"rule": DESCENT},
    export.nestml: {"rule": PAIR},
    export.optax: {"rule": DESCENT},
    export.torch: {"rule": DESCENT},
    export.write: {"rule": DESCENT, "format": "markdown", "folder": FOLDER},
    plasticity.FadingMemory: {"decay": 0.9},
    plasticity.GaussianWeight: {"variance": 1.0},
    plasticity.LinearGaussian: {"transition": [[1.0]], "process_noise": [[1.0]], "observation_noise": [[1.0]]},
    plasticity.MatrixFree: {"n": 1, "loss_function": abs, "gradient_function": abs, "product_function": abs},
    plasticity.Objective: {"discount": 0.5},
    plasticity.ObservedCurvature: {"kind": "empirical_fisher"},
    plasticity.OrnsteinUhlenbeck: {"time_constant": 1.0, "stationary_std": 1.0, "observation_noise": 1.0},
    plasticity.Parameter: {"name": "a", "value": 1.0},
    plasticity.Quadratic: {"hessian": [1.0], "optimum": [0.0]},
    plasticity.Rule: {"name": "mine", "title": "mine"},
    plasticity.Signal: {"name": "mine", "title": "mine"},
    plasticity.State: {"name": "z"},
    plasticity.Step: {"title": "first", "equation": sp.Integer(1)},
    plasticity.RecurringContexts: {
        "rates": [[-0.1, 0.1], [0.2, -0.2]],
        "time_constant": 5.0,
        "stationary_std": 1.0,
        "mean": 0.0,
        "observation_noise": 1.0,
    },
    plasticity.SwitchingTask: {"hazard": 0.1, "prior_mean": 0.0, "prior_covariance": 1.0, "observation_noise": 1.0},
    plasticity.TaskPrior: {"mean": [0.0], "covariance": [[1.0]], "hessians": [[[1.0]]]},
    plasticity.Update: {"target": "w", "expression": sp.Integer(1)},
    plasticity.assumptions_of: {"rule": rules.ballistic(), "landscape": BOWL},
    plasticity.compile_rule: {"rule": PAIR},
    plasticity.critical_discount: WELLS,
    plasticity.crossings: WELLS,
    plasticity.derive: {"objective": GOAL},
    plasticity.derive_trials: {"objective": GOAL, "beliefs": OU},
    plasticity.dual_control: {"objective": GOAL, "curvatures": (0.1, 10.0), "observation_noise": 1.0, "n_beliefs": 21},
    plasticity.path_excess: {"run": descent(), "objective": GOAL, "landscape": BOWL},
    plasticity.shape_posterior: {"belief": plasticity.LandscapeShape(), "n": 1},
    plasticity.excess: {"rule": rules.gradient_descent(), "objective": GOAL, "landscape": BOWL},
    plasticity.explain: {"path": None, "objective": GOAL, "landscape": BOWL},
    plasticity.fisher_information: {"log_density": -((X - M) ** 2) / 2, "parameters": [M], "mean": lambda e: e},
    plasticity.fisher_matrix: {"score": [[1.0], [2.0]]},
    plasticity.from_expression: {"text": "x**2", "symbols": "x"},
    plasticity.jump: {"state": plasticity.State("z"), "interaction": "all_to_all"},
    plasticity.local: {"name": "pre_rate"},
    plasticity.NeuronVariable: {"name": "v", "index": "post", "unit": "mV", "meaning": "voltage"},
    plasticity.observe: {"rule": DESCENT, "signal": signals.bcm()},
    plasticity.optimality: {
        "subject": DESCENT,
        "objective": GOAL,
        "landscape": BOWL,
        "start": [1.0],
        "times": [0, 0.1],
    },
    plasticity.pairing: {"interval": 0.01, "frequency": 1.0, "n_pairs": 2},
    plasticity.plan: {"objective": GOAL, "landscape": BOWL, "start": [1.0], "duration": 1.0},
    plasticity.poisson_trains: {"rates": 10.0, "n": 1, "duration": 0.1},
    plasticity.policy: {"objective": GOAL, "landscape": BOWL},
    plasticity.quadruplet: {"interval": 0.01, "separation": 0.1, "n_quadruplets": 2},
    plasticity.replay: {"rule": PAIR, "pre_spikes": [0.1], "post_spikes": [0.2]},
    plasticity.simulate: {"rule": DESCENT, "landscape": BOWL, "start": [1.0], "n_steps": 2, "dt": 0.1},
    plasticity.solve: {"objective": GOAL, "landscape": BOWL},
    plasticity.step_policy: {"objective": GOAL, "landscape": BOWL, "step": 0.1},
    plasticity.time_constant: {"name": "tau", "value": 0.1, "meaning": "of a trace"},
    plasticity.trace: {"name": "z", "tau": plasticity.time_constant("tau", 0.1, "of a trace")},
    plasticity.triplet: {"first": 0.01, "second": -0.01, "n_triplets": 2},
    filters.Fading: {"decay": 0.9},
    filters.Switching: {"task": SWITCHING, "dt": 0.1},
    filters.ornstein_uhlenbeck: {"belief": OU, "dt": 0.1},
    filters.random_walk: {"belief": plasticity.GaussianWeight(1.0), "observation_noise": 1.0, "dt": 0.1},
    filters.track: {"filter": KALMAN, "observations": [[1.0]]},
    filters.trials: {"retention": [0.9], "process_variance": [1.0], "observation_variance": 1.0},
    rules.resolve: {"rule": "oja"},
    rules.load: {"name": "oja"},
    signals.load: {"name": "bcm"},
    circuits.load: {"name": "pairing"},
    circuits.Circuit: {"name": "mine", "populations": (TWO,)},
    circuits.Feedback: {"name": "back", "source": "a", "sends": "e", "target": "b", "receives": "f"},
    circuits.NeuronModel: {"name": "mine", "model": "dv/dt = -v/(1*second) : 1"},
    circuits.Population: {"name": "mine", "neuron": LIF, "n": 2},
    circuits.Projection: {"name": "mine", "pre": "a", "post": "b"},
    circuits.Phase: {"duration": 0.03},
    circuits.Stimulus: {"patterns": [[1.0]]},
    circuits.actor: {"inputs": TRAINS, "targets": [1.0, -1.0], "step": 0.005, "n_neurons": 2},
    circuits.all_to_all: {"name": "mine", "pre": TWO, "post": TWO, "weight": 1.0},
    circuits.as_dataset: {"run": None},
    circuits.at_random: {"name": "mine", "pre": TWO, "post": TWO, "probability": 0.5, "seed": 0},
    circuits.balanced_ei: {"n": 10, "probability": 0.9},
    circuits.build: {"circuit": PLAIN, "duration": 0.03},
    circuits.estimate: {"circuit": PLAIN, "duration": 0.03},
    circuits.escape_rate_neuron: {"inputs": TRAINS},
    circuits.feedforward_rate: {"sizes": (2, 2, 2), "rule": DESCENT, "patterns": np.eye(2), "targets": np.eye(2)},
    circuits.feedforward_spiking: {"inputs": TRAINS},
    circuits.pairing: {"pre": [[0.01]], "post": [[0.02]], "rule": PAIR},
    circuits.poisson_source: {"name": "source", "rates": [1.0, 2.0]},
    circuits.recurrent_lif: {"inputs": TRAINS, "targets": np.ones((2, 1)), "step": 0.005, "n": 4},
    circuits.recurrent_rate: {"size": 2, "rule": None, "patterns": np.eye(2), "targets": np.eye(2)},
    circuits.run: {"circuit": PLAIN, "duration": 0.03, "device": "numpy"},
    circuits.run_arguments: {"dataset": None},
    circuits.read_state: {"path": FOLDER},
    circuits.write_state: {"state": circuits.RunState(0, 1e-3, {}), "path": FOLDER},
    scenarios.parameter: {"default": 1.0, "unit": "s", "help": "a time"},
    scenarios.random_points: {"ranges": {"discount": (0.1, 1.0)}, "n_points": 2},
    scenarios.run: {"name": "horizon", "n_points": 11},
    scenarios.sweep: {"name": "horizon", "workers": 1, "directory": FOLDER, "n_points": 11},
    analysis.as_dataset: {"fitted": None},
    analysis.check_dataset: {"data": datasets.load("wang_2005")},
    analysis.compare: {"results": None},
    analysis.confusion: {"fits": None, "n_sets": 2, "n_starts": 1},
    analysis.convergence_rate: {"curve": CURVE},
    analysis.discriminate: {"first": None, "second": None, "noise": 0.1},
    analysis.fit: {"rule": "pair_stdp", "data": "wang_2005"},
    analysis.learning_curve: {"ds": None, "variable": "theta"},
    analysis.leave_out: {"fitted": None},
    analysis.posterior: {"fitted": None, "n_walkers": 4, "max_steps": 500},
    analysis.recover: {"fitted": None, "n_sets": 2, "n_starts": 1},
    analysis.report: {"comparison": None, "directory": FOLDER},
    analysis.stdp_window: {"rule": PAIR, "delays": [0.01], "n_pairs": 2},
    analysis.table: {"directory": FOLDER, "names": ["sjostrom_2001"], "workers": 1},
    analysis.time_to_criterion: {"curve": CURVE, "criterion": 0.1},
    analysis.weight_moments: {"ds": None, "variable": "theta"},
}
LATER = {
    "answer": inferred,
    "fitted": fitted,
    "first": fitted,
    "second": fitted,
    "fits": lambda: [fitted()] * 2,
    "path": descent,
}
LATER |= {"comparison": comparison, "ds": descent, "results": lambda: analysis.as_dataset(fitted())}
LATER |= {"run": lambda: circuits.run(PLAIN, 0.03, device="numpy")}
LATER |= {"dataset": lambda: circuits.as_dataset(circuits.run(PLAIN, 0.03, device="numpy"))}
TEXTS = {  # free text, or names that the circuit resolves when it is made
    plasticity.Parameter: ["unit"],
    plasticity.Signal: ["loss_unit", "curvature_words", "curvature_caution"],
    plasticity.State: ["unit", "estimates"],
    plasticity.Step: ["note"],
    plasticity.Update: ["target"],
    plasticity.trace: ["estimates", "unit"],
    circuits.Feedback: ["source", "sends", "target", "receives", "unit"],
    circuits.NeuronModel: ["model", "threshold", "reset", "every_step", "on_prescribed_spike"],
    circuits.Projection: ["pre", "post", "receptor", "third_factor"],
    scenarios.parameter: ["unit", "help"],
    scenarios.sweep: ["scheduler"],
    analysis.infer: ["variable"],
    check.Verdict: ["message"],
    check.personal: ["name", "exercise"],
    check.prediction: ["because"],
}
NO_EXPRESSION = [None, b"x", [], {}, STRANGE, KeyError, (), set(), object()]
NO_NAMES = [True, 3, 0.5, "x", b"x", [], ["x"], {}, [3], STRANGE]
NO_LANDSCAPE = [None, True, 3, 0.5, "x", [], {}, [3], ["x"], STRANGE]
ANSWERS = {(f, "answer") for f in (check.code, check.curve, check.formula, check.number, check.prediction)}
ANYTHING = {(plasticity.Step, "equation"), (scenarios.parameter, "default"), *ANSWERS}  # printed, or any value
KIND = {(function, name): "text" for function, names in TEXTS.items() for name in names}
KIND |= {
    (plasticity.Parameter, "value"): [v for v in NO_NUMBER if v is not None and not isinstance(v, np.ndarray)],
    (plasticity.Parameter, "low"): [v for v in NO_NUMBER if v is not INFINITE],
    (plasticity.Parameter, "high"): [v for v in NO_NUMBER if v is not INFINITE],
    (scenarios.parameter, "low"): [v for v in NO_NUMBER if v is not INFINITE and v is not None],
    (scenarios.parameter, "high"): [v for v in NO_NUMBER if v is not INFINITE and v is not None],
    **{(plasticity.MatrixFree, f"{name}_function"): "function" for name in ("loss", "gradient", "product")},
    **{(f, "unknown"): NO_NAMES for f in (analysis.infer, analysis.identifiable, analysis.design)},
    (plasticity.explain, "symmetry"): [True, 3, 0.5, "x", b"x", [], {}, STRANGE],
    (analysis.compare_assumptions, "data"): [None, True, 3, 0.5, "x", b"x", [], {}, STRANGE],
    (analysis.report_inference, "sets"): "records",
    (plasticity.RecurringContexts, "rates"): "array",
    **{(plasticity.RecurringContexts, name): "array" for name in ("time_constant", "stationary_std", "initial_std")},
    (circuits.Population, "spike_times"): "trains",
    (circuits.poisson_source, "rates"): "array",
    **{(circuits.Projection, name): "array" for name in ("delay", "dendritic_delay")},
    (analysis.compare_assumptions, "landscapes"): NO_LANDSCAPE,
    (analysis.compare_assumptions, "sets"): [None, True, 3, "x", [], {}, {"own": 3}, {"own": {"nobody": 1}}, STRANGE],
    (analysis.infer, "data"): [None, True, 3, 0.5, "x", b"x", [], {}, [["a"]], [[NAN]], STRANGE],
    **{(f, "landscapes"): NO_LANDSCAPE for f in (analysis.infer, analysis.Experiment)},
    (plasticity.Rule, "bounds"): "range",
    (plasticity.LandscapeShape, "curvature"): "array",
    (plasticity.LandscapeShape, "intercept"): "array",
    (plasticity.LandscapeShape, "blocks"): [True, 3, 0.5, "x", [], [3], [[0.5]], [["a"]], [[-1]], STRANGE],
    (plasticity.dual_control, "curvatures"): [None, True, 3, "x", [1.0], [1.0, -1.0], [0.0, NAN], ["a", "b"], STRANGE],
    (plasticity.Controllability, "mask"): [
        v for v in wrong_values.NO_ARRAY if getattr(v, "dtype", v) not in (bool, True)
    ],
    (plasticity.Controllability, "bounds"): [*wrong_values.KINDS["range"][:5], ["a", "b"], [0.0, 1.0, 2.0], STRANGE],
    (circuits.RateUnit, "nonlinearity"): "formula",
    (circuits.feedforward_rate, "nonlinearity"): "formula",
    (circuits.feedforward_rate, "output"): "formula",
    (circuits.feedforward_rate, "weights"): [True, 3, 0.5, "x", b"x", [3], ["x", "y"], STRANGE, [NAN, NAN]],
    (circuits.recurrent_rate, "nonlinearity"): "formula",
    (circuits.recurrent_rate, "feedback_weights"): "array",
    (circuits.escape_rate_neuron, "targets"): [v for v in wrong_values.KINDS["trains"] if v != 3],
    (analysis.compare, "results"): "record",
    (analysis.Model, "function"): "function",
    (analysis.Model, "name"): "text",
    (analysis.Model, "sequence"): "text",
    (analysis.Model, "means"): [*wrong_values.KINDS["function"], 0.5],
    (analysis.choice_learner, "sequence"): "text",
    (analysis.convergence_rate, "rest"): "array",
    (analysis.weight_moments, "bounds"): "range",
    (scenarios.sweep, "seeds"): [True, 3, 0.5, "x", [], [-1], [1.5], ["a"], STRANGE],
    (scenarios.sweep, "points"): [True, 3, 0.5, "x", [], [3], [{"x": 1}], [{"discount": 1}, {}], STRANGE],
    (rules.derived_bcm, "threshold"): [None, True, "x", b"x", NAN, [], {}, STRANGE, KeyError, -HUGE],
    (signals.bcm, "threshold"): [None, True, "x", b"x", NAN, [], {}, STRANGE, KeyError, -HUGE],
    (plasticity.State, "flow"): NO_EXPRESSION,  # its names are those of a rule, which checks them
    (plasticity.Update, "expression"): NO_EXPRESSION,
    (plasticity.fisher_information, "log_density"): wrong_values.KINDS["expression"][:-1],
    (plasticity.assumptions_of, "rule"): [None, "x", b"x", [], {}, 1j, [1j], STRANGE, KeyError],
    (plasticity.Controllability, "conserved"): [*NO_NUMBER[1:], 3],
    (plasticity.Controllability, "rank"): [*NO_NUMBER[1:], -1, 1.5],
    (plasticity.Objective, "discount"): "limit",
    (plasticity.Objective, "task_prior"): "record",
    (plasticity.OrnsteinUhlenbeck, "time_constant"): "array",
    (plasticity.OrnsteinUhlenbeck, "stationary_std"): "array",
    (plasticity.derive, "duration"): "limit",
    (plasticity.derive_trials, "step"): "choice",
    (plasticity.derive_trials, "approach"): [*NO_NUMBER[1:], 0.0, -0.1, 1.1],
    (plasticity.derive, "order"): "count",
    (plasticity.compile_rule, "bounds"): "records",
    (plasticity.fisher_information, "parameters"): "records",
    (plasticity.fisher_information, "mean"): "function",
    (plasticity.fisher_matrix, "score"): "array",
    (plasticity.from_expression, "text"): [None, b"x", [], {}, STRANGE, "y", "__import__('os')", "x +", "", 3, True],
    (plasticity.from_expression, "symbols"): [None, True, 3, 0.5, b"x", [], {}, STRANGE, "", "1a", [3], "lambda"],
    (plasticity.optimality, "subject"): "record",
    (plasticity.poisson_trains, "n"): "size",
    (plasticity.poisson_trains, "duration"): "not negative",
    (plasticity.plan, "n_iterations"): "size",
    (rules.natural_gradient, "metric"): [None, True, "x", b"x", NAN, -1.0, 0, [], {}, STRANGE],
    (circuits.RateUnit, "tau"): "not negative",
    (circuits.feedforward_rate, "tau"): "not negative",
    (circuits.feedforward_rate, "rule"): [v for v in wrong_values.KINDS["record"] if v is not None],
    (circuits.recurrent_rate, "rule"): [v for v in wrong_values.KINDS["record"] if v is not None],
    (circuits.balanced_ei, "inhibition"): [v for v in wrong_values.KINDS["record"] if v is not None],
    (circuits.feedforward_rate, "sizes"): [*wrong_values.NO_SEQUENCE, [], [2], [2, 0], [2, -1], [2, 1.5], [2, 2, HUGE]],
    (circuits.Phase, "feedback"): [True, 3, 0.5, "x", b"x", 1j, NAN, STRANGE, KeyError],
    (circuits.Phase, "stimuli"): [True, 3, 0.5, "x", b"x", 1j, NAN, STRANGE, KeyError],
    (circuits.Phase, "plastic"): [None, 3, 0.5, "x", b"x", [], [3], NAN, STRANGE, KeyError, {"x": 3}, {3: True}],
    (circuits.Phase, "record"): [True, 3, 0.5, "x", b"x", [3], [None], STRANGE, KeyError],
    (scenarios.random_points, "ranges"): [
        *wrong_values.KINDS["mapping"][:-2],
        {"x": (1, 0)},
        {"x": 3},
        {"x": (0, 1, 2)},
    ],
}
KIND |= {(check.Verdict, "correct"): wrong_values.KINDS["flag"][1:]}  # None is an answer that is not begun
KIND |= dict.fromkeys(((check.code, "reference"), (check.code, "problem"), (check.judge, "check")), "function")
KIND |= {(check.judge, "answer"): "function"}
KIND |= {(check.formula, "expected"): [None, True, "x", b"x", [], {}, STRANGE, KeyError]}
KIND |= {(check.hints, "names"): [True, 3, 0.5, "x", b"x", [1], STRANGE, {3: 1.0}, {1.0: abs}]}
for function in (check.code, check.curve, check.formula, check.number):  # the names are hints, any text
    KIND[function, "others"] = [True, 3, 0.5, "x", b"x", [1], STRANGE, {3: 1.0}, {"x": STRANGE}]
for function in (circuits.run, circuits.build):  # a mapping of no projections is one of no limits and no events
    for name in ("feedback", "controllability", "third_factor"):
        KIND[function, name] = [True, 3, 0.5, "x", b"x", 1j, NAN, STRANGE, KeyError]
for function in (
    rules.derived_bcm,
    rules.derived_pairing,
    rules.heavy_ball,
    rules.kalman_gradient,
    rules.multi_step,
    rules.redrawn_reset,
    rules.soft_reset,
):
    KIND[function, "discount"] = "limit"


def public():
    """Every public function and record, and every member of the catalogues."""
    packages = {package: package.__all__ for package in (plasticity, circuits, analysis)}
    packages[scenarios] = ["parameter", "random_points", "run", "sweep"]
    packages[check] = check.__all__
    packages |= {p: [*catalog.names(p.__name__), "load"] for p in (rules, signals)}
    packages[rules].append("resolve")
    packages |= {conformance: conformance.__all__, export: export.__all__}
    packages[filters] = ["Fading", "Switching", "ornstein_uhlenbeck", "random_walk", "track", "trials"]
    members = (getattr(package, name) for package, names in packages.items() for name in names)
    return list(dict.fromkeys(m for m in members if callable(m) and m not in RETURNED))


CASES = [(function, name) for function in public() for name in wrong_values.parameters(function)]


def arguments(function):
    return {k: LATER[k]() if v is None and k in LATER else v for k, v in CALLS.get(function, {}).items()}


def failures(function, name):
    parameter = wrong_values.parameters(function)[name]
    usual = arguments(function)
    for value in wrong_values.wrong_values(parameter, KIND.get((function, name))):
        try:
            function(**usual | {name: value})
        except InputError as error:
            if not str(error):
                yield repr(value)[:40], "no message"
        except Exception as error:
            yield repr(value)[:40], type(error).__name__, str(error)[:80]
        else:
            yield repr(value)[:40], "accepted"


@pytest.mark.parametrize(("function", "name"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_wrong_values_are_refused(function, name):
    assert list(failures(function, name)) == []


def test_every_parameter_has_wrong_values():
    """Read from the signatures, so that a new parameter comes with its cases: eight classes at least."""
    few = [
        (function.__name__, name)
        for function, name in CASES
        if len(wrong_values.wrong_values(wrong_values.parameters(function)[name], KIND.get((function, name)))) < 8
    ]
    assert sorted(few) == sorted((function.__name__, name) for function, name in ANYTHING)


@pytest.mark.parametrize("function", public(), ids=lambda function: function.__name__)
def test_the_right_values_beside_them_are_accepted(function):
    usual = arguments(function)
    if any(value is FOLDER for value in usual.values()):
        with pytest.raises(InputError, match="/dev/null"):
            function(**usual)
    else:
        function(**usual)
