"""Exported optimisers against the libraries' own, and against what `simulate` does on the same landscape."""

import ast
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

from plasticity import FadingMemory, Objective, Rule, State, SwitchingTask, Update, derive, rules
from plasticity.belief import LandscapeShape
from plasticity.errors import InputError
from plasticity.export import files as files_of
from plasticity.export import write
from plasticity.export.optax import optax as optax_files
from plasticity.export.torch import torch as torch_files
from plasticity.landscapes import Quadratic
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter
from plasticity.simulate import simulate
from plasticity.support import catalog

REMEDY = "is not installed: pip install -e '.[export]', and a build of torch for the CPU"
HESSIAN = np.array([[3.0, 0.4, -0.2], [0.4, 1.0, 0.3], [-0.2, 0.3, 0.5]])
BOWL = Quadratic(HESSIAN, [1.0, -0.5, 0.25])
START = np.array([-0.4, 0.7, 1.3])
N_STEPS = 12


def exportable():
    """Rules of the catalogue that read gradients."""
    every = (catalog.load("plasticity.rules", name, "rule")() for name in catalog.names("plasticity.rules"))
    return [rule for rule in every if set(rule.events) <= {"clock"} and set(rule.inputs) <= {GRADIENT, CURVATURE}]


def bounded():
    """Rule that moves the weight at ticks, in between and against a bound, with a function of numbers alone."""
    rate = Parameter("rate", 0.8, unit="Hz")
    memory = sp.Symbol("memory_of_weight", real=True)
    return Rule(
        "bounded",
        "Bounded",
        weight_flow=sp.exp(-rate.symbol * sp.Symbol("tau")) * rate.symbol * (memory - WEIGHT),
        states=(State("memory_of_weight", flow=rate.symbol * (WEIGHT - memory), initial=0.3),),
        events={"clock": (Update("w", WEIGHT - sp.Heaviside(GRADIENT) / 5 + abs(memory) / 10),)},
        parameters=(rate, Parameter("tau", 0.5, unit="s")),
        bounds=(-0.5, 1.4),
    )


DERIVED = {
    "finite steps": lambda: derive(Objective(0.5), duration=0.1),
    "switching": lambda: derive(Objective(0.5), optimum_belief=SwitchingTask(0.1, 0.0, 1.0, 1.0)),
    "shape": lambda: derive(Objective(0.5), shape_belief=LandscapeShape()),
    "average, second order": lambda: derive(Objective(0.5), gradient_belief=FadingMemory(decay=0.9), order=2),
    "adam of the published code": lambda: rules.adam(bias_correction=False, epsilon_inside=True),
    "bounded": bounded,
}
CASES = {**{rule.name: (lambda rule=rule: rule) for rule in exportable()}, **DERIVED}


def module(files):
    """The one module of an export."""
    ((name, text),) = files.items()
    made = ModuleType(name.removesuffix(".py"))
    exec(compile(text, name, "exec"), made.__dict__)
    return made


def optimiser_of(made, library):
    """What a file is for: a class of PyTorch, or the function that bears the name of an Optax file."""
    if library == "optax":
        return made.__dict__[made.__name__.removesuffix("_optax")]
    return next(v for v in vars(made).values() if isinstance(v, type) and v.__module__ == made.__name__)


def constants(rule, dt):
    """Arguments of an exported optimiser for steps of `dt`."""
    from plasticity.compile.gradient_step import gradient_step

    return {"dt": dt} if gradient_step(rule).has_dt else {}


def torch_path(rule, gradient, start=START, n_steps=N_STEPS, dt=0.1, **more):
    """Weights (n_steps + 1, 3) of the exported optimiser, held in two tensors of different shape."""
    torch = pytest.importorskip("torch", reason=f"torch {REMEDY}")
    first, second = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (start[:2], [[start[2]]]))
    optimiser = optimiser_of(module(torch_files(rule)), "torch")([first, second], **constants(rule, dt), **more)
    path = [start]
    for step in range(n_steps):
        g = torch.tensor(gradient(path[-1], step))
        first.grad, second.grad = g[:2].clone(), g[2:].reshape(1, 1).clone()

        def product(v):
            whole = torch.tensor(HESSIAN) @ torch.cat([each.flatten() for each in v])
            return whole[:2], whole[2:].reshape(1, 1)

        optimiser.step(**({"product": product} if more.get("curvature") == "products" else {}))
        path.append(np.concatenate([w.detach().numpy().ravel() for w in (first, second)]))
    return np.array(path)


def optax_path(rule, gradient, start=START, n_steps=N_STEPS, dt=0.1, **more):
    """The same by JAX in double precision, compiled."""
    jax = pytest.importorskip("jax", reason=f"jax {REMEDY}")
    optax = pytest.importorskip("optax", reason=f"optax {REMEDY}")
    with jax.enable_x64():
        jnp = jax.numpy
        optimiser = optimiser_of(module(optax_files(rule)), "optax")(**constants(rule, dt), **more)
        params = {"a": jnp.asarray(start[:2]), "b": jnp.asarray(start[2:]).reshape(1, 1)}

        def product(v):
            whole = jnp.asarray(HESSIAN) @ jnp.concatenate([v["a"], v["b"].ravel()])
            return {"a": whole[:2], "b": whole[2:].reshape(1, 1)}

        @jax.jit
        def advance(params, state, g):
            gradients = {"a": g[:2], "b": g[2:].reshape(1, 1)}
            also = {"product": product} if more.get("curvature") == "products" else {}
            updates, state = optimiser.update(gradients, state, params, **also)
            return optax.apply_updates(params, updates), state

        path, state = [start], optimiser.init(params)
        for step in range(n_steps):
            params, state = advance(params, state, jnp.asarray(gradient(path[-1], step)))
            path.append(np.concatenate([np.ravel(params["a"]), np.ravel(params["b"])]))
    return np.array(path)


PATHS = {"torch": torch_path, "optax": optax_path}


@pytest.mark.parametrize("library", PATHS)
@pytest.mark.parametrize("case", CASES)
def test_the_path_is_that_of_simulate(library, case):
    """On a coupled bowl, with the exact diagonal of the curvature from products Hv."""
    rule = CASES[case]()
    more = {"curvature": "products"} if CURVATURE in rule.inputs else {}
    path = PATHS[library](rule, lambda theta, _: BOWL.gradient(theta), **more)
    expected = simulate(rule, BOWL, START, n_steps=N_STEPS, dt=0.1).theta.values[0]
    assert np.ptp(expected, axis=0).min() > 1e-3
    np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("library", PATHS)
def test_curvature_from_squared_gradients_is_the_belief_that_derive_gives(library):
    """A memory of squared gradients in the file, against one derived as an assumption of the learner."""
    believed = derive(Objective(1.0), curvature_belief=FadingMemory(decay=0.9))
    path = PATHS[library](rules.multi_step(), lambda theta, _: BOWL.gradient(theta), decay=0.9)
    expected = simulate(believed, BOWL, START, n_steps=N_STEPS, dt=0.1).theta.values[0]
    np.testing.assert_allclose(path, expected, rtol=1e-9)


@pytest.mark.parametrize("library", PATHS)
def test_random_signs_are_exact_where_the_curvature_is_diagonal(library, monkeypatch):
    diagonal = np.diag(np.diag(HESSIAN))
    monkeypatch.setitem(globals(), "HESSIAN", diagonal)
    bowl = Quadratic(diagonal, BOWL.optimum)
    path = PATHS[library](rules.ballistic(), lambda theta, _: bowl.gradient(theta), curvature="products", probes=2)
    expected = simulate(rules.ballistic(), bowl, START, n_steps=N_STEPS, dt=0.1).theta.values[0]
    np.testing.assert_allclose(path, expected, rtol=1e-9)


NOISE = np.random.default_rng(1).normal(size=(200, 3))


def noisy(theta, step):
    """Gradient of the bowl with noise."""
    return BOWL.gradient(theta) + NOISE[step]


TORCH = {
    "adam": (rules.adam, ("Adam", {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8})),
    "adam, other constants": (
        lambda: rules.adam(0.05, 0.5, 0.8, 0.1),
        ("Adam", {"lr": 0.05, "betas": (0.5, 0.8), "eps": 0.1}),
    ),
    "rmsprop": (lambda: rules.rmsprop(0.01, 0.99), ("RMSprop", {"lr": 0.01, "alpha": 0.99, "eps": 1e-8})),
    "gradient descent": (lambda: rules.gradient_descent(0.2), ("SGD", {"lr": 0.2 * 0.1})),
}


@pytest.mark.parametrize("name", TORCH)
def test_equals_the_optimiser_of_torch(name):
    torch = pytest.importorskip("torch", reason=f"torch {REMEDY}")
    rule, (peer, arguments) = TORCH[name][0](), TORCH[name][1]
    path = torch_path(rule, noisy, n_steps=200)
    w = torch.tensor(START, requires_grad=True)
    theirs = getattr(torch.optim, peer)([w], **arguments)
    for step in range(200):
        w.grad = torch.tensor(noisy(w.detach().numpy(), step))
        theirs.step()
    np.testing.assert_allclose(path[-1], w.detach().numpy(), rtol=1e-6)


OPTAX = {
    "adam": (rules.adam, ("adam", {"learning_rate": 1e-3})),
    "epsilon inside": (
        lambda: rules.adam(0.05, epsilon=0.1, epsilon_inside=True),
        ("adam", {"learning_rate": 0.05, "eps": 0.0, "eps_root": 0.1}),
    ),
    "rmsprop": (
        lambda: rules.rmsprop(0.01, 0.99, 1e-3, epsilon_inside=True),
        ("rmsprop", {"learning_rate": 0.01, "decay": 0.99, "eps": 1e-3}),
    ),
}


@pytest.mark.parametrize("name", OPTAX)
def test_equals_the_optimiser_of_optax(name):
    jax = pytest.importorskip("jax", reason=f"jax {REMEDY}")
    optax = pytest.importorskip("optax", reason=f"optax {REMEDY}")
    rule, (peer, arguments) = OPTAX[name][0](), OPTAX[name][1]
    path = optax_path(rule, noisy, n_steps=200)
    with jax.enable_x64():
        theirs = getattr(optax, peer)(**arguments)
        w = jax.numpy.asarray(START)
        state, update = theirs.init(w), jax.jit(theirs.update)
        for step in range(200):
            updates, state = update(jax.numpy.asarray(noisy(np.asarray(w), step)), state, w)
            w = optax.apply_updates(w, updates)
    np.testing.assert_allclose(path[-1], w, rtol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_a_file_is_plain_python_that_imports_the_library_only(case):
    """By its text alone, so that it holds where no library is installed."""
    allowed = {torch_files: {"math", "torch"}, optax_files: {"math", "typing", "jax", "optax"}}
    for files, names in allowed.items():
        ((file, text),) = files(CASES[case]()).items()
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in imported} <= names, file
        assert ast.get_docstring(tree).startswith(CASES[case]().title)


def test_a_checkpoint_goes_on_as_if_nothing_had_happened():
    torch = pytest.importorskip("torch", reason=f"torch {REMEDY}")
    make = optimiser_of(module(torch_files(rules.adam(0.1))), "torch")
    ends = []
    for interrupted in (False, True):
        w = torch.tensor(START, requires_grad=True)
        optimiser = make([w])
        for step in range(6):
            if interrupted and step == 3:
                stored = optimiser.state_dict()
                optimiser = make([w])
                optimiser.load_state_dict(stored)
            loss = optimiser.step(lambda w=w, o=optimiser: (o.zero_grad(), (w**4).sum(), (w**4).sum().backward())[1])
        assert float(loss.detach()) > 0
        ends.append(w.detach().numpy())
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("rule", [rules.ballistic, rules.newton, rules.heavy_ball])
def test_a_division_by_a_curvature_of_zero_is_an_error_and_leaves_the_weights(rule):
    """A weight that the loss does not depend on has the gradient 0, and so the squared gradient."""
    torch = pytest.importorskip("torch", reason=f"torch {REMEDY}")
    w = torch.tensor(START, requires_grad=True)
    optimiser = optimiser_of(module(torch_files(rule())), "torch")([w], **constants(rule(), 0.1))
    w.grad = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    with pytest.raises(FloatingPointError, match="divides by curvature, which must not be 0"):
        optimiser.step()
    np.testing.assert_array_equal(w.detach().numpy(), START)


@pytest.mark.parametrize("files", [torch_files, optax_files])
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (rules.pair_stdp, "rule 'pair_stdp' acts at 'pre' events"),
        (lambda: derive(Objective(sp.Symbol("gamma", positive=True))), "gamma|discount"),
        (lambda: rules.adam().with_parameters(epsilon=np.array([1.0, 2.0])), "2 values, one per synapse"),
        (lambda: Rule("r", "R", sp.gamma(GRADIENT) * 0), "does not change the weight"),
        (lambda: Rule("r", "R", -GRADIENT * sp.Symbol("params"), parameters=(Parameter("params", 1.0, "1/(loss*s)"),)),
         "defines 'params'"),
        (lambda: Rule("r", "R", sp.sign(GRADIENT) * sp.Symbol("a"), parameters=(Parameter("a", 1.0, "Hz"),)), "sign"),
    ],
)  # fmt: skip
def test_what_an_optimiser_cannot_say_is_refused_by_name(files, rule, message):
    with pytest.raises(InputError, match=message):
        files(rule())


def test_the_command_writes_the_file_of_the_format(tmp_path, capsys):
    from plasticity.__main__ import main

    main(["export", "multi_step", "--format", "torch", "-o", str(tmp_path / "new")])
    ((name, text),) = files_of(rules.multi_step(), "torch").items()
    assert capsys.readouterr().out.strip() == str(tmp_path / "new" / name)
    assert (tmp_path / "new" / name).read_text(encoding="utf-8") == text


def test_a_folder_that_is_none_is_refused():
    with pytest.raises(InputError, match="folder must be text or a path, got 3"):
        write(rules.adam(), "torch", 3)
