"""Digits: backpropagation is the gradient, the engine is the textbook loop, tuning is fair, broken files are named."""

import gzip
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import scenarios
from analysis import figures
from plasticity.errors import InputError
from scenarios.digits import Parameters, at_rate, candidates, learning_rates, train
from scenarios.support.digit_images import IDX_FILES, Part, load_digits
from scenarios.support.perceptron import CrossEntropy, Perceptron, shuffled

NETWORK = Perceptron((6, 5, 4, 3))
RATES = {"n_rates": 3, "lowest_rate": 3e-3, "highest_rate": 0.3}
SHORT = {"n_images": 700, "n_epochs": 6, "n_trials": 2, "n_tuning_trials": 1, **RATES}


def labelled(n_images=7, network=NETWORK, seed=0):
    random = np.random.default_rng(seed)
    return Part(random.random((n_images, network.sizes[0])), random.integers(network.sizes[-1], size=n_images))


@pytest.fixture(scope="module")
def run():
    return scenarios.run("digits", seed=3, **SHORT)


def test_backpropagation_is_the_gradient_of_the_loss():
    """Central differences of step h err by h²|L'''|/6 + 1e-16/h ≈ 1e-10 for h = 1e-5."""
    random = np.random.default_rng(1)
    loss, theta, h = NETWORK.on(labelled()), random.standard_normal((2, NETWORK.n)), 1e-5
    shifts = h * np.eye(NETWORK.n)[:, None]
    differences = (loss.loss(theta + shifts) - loss.loss(theta - shifts)).T / (2 * h)
    gradient = loss.gradient(theta)
    assert np.abs(gradient).max() > 0.01
    assert_allclose(gradient, differences, rtol=0, atol=1e-9)


def test_loss_and_accuracy_are_those_of_a_network_written_out():
    part = labelled()
    theta = np.random.default_rng(2).standard_normal(NETWORK.n)
    sizes = [(6, 5), (5, 4), (4, 3)]
    cuts = np.split(theta, np.cumsum([n for a, b in sizes for n in (a * b, b)])[:-1])
    layers = [(cuts[2 * i].reshape(shape), cuts[2 * i + 1]) for i, shape in enumerate(sizes)]
    losses, hits = [], []
    for x, label in zip(part.images, part.labels, strict=True):
        for weights, biases in layers[:-1]:
            x = np.tanh(x @ weights + biases)
        p = np.exp(x @ layers[-1][0] + layers[-1][1])
        losses.append(-np.log(p[label] / p.sum()))
        hits.append(p.argmax() == label)
    landscape = NETWORK.on(part)
    assert_allclose(landscape.loss(theta), np.mean(losses), rtol=1e-13)
    assert landscape.accuracy(theta) == np.mean(hits)
    assert_allclose(landscape.loss(np.stack([theta, 0 * theta])), [np.mean(losses), np.log(3)], rtol=1e-13)


def test_huge_outputs_do_not_overflow():
    landscape = CrossEntropy(Perceptron((1, 2)), np.ones((1, 1)), np.array([1]))
    theta = np.array([1e4, -1e4, 0.0, 0.0])
    assert landscape.loss(theta) == 2e4
    assert_array_equal(landscape.gradient(theta), [1, -1, 1, -1])


def test_every_epoch_shows_every_image_at_most_once():
    order = shuffled(23, 5, 3, np.random.default_rng(0)).reshape(3, 20)
    assert all(np.unique(epoch).size == 20 for epoch in order)
    assert not np.array_equal(order[0], order[1])


def textbook(name, gradient, w, order, rate, published=False, beta_1=0.9, beta_2=0.999, gamma=1e-9):
    """The three rules as a textbook or the published code writes them; yields the parameters after every step."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, batch in enumerate(order, 1):
        g = gradient(w, batch)
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        step = {
            "gradient_descent": rate * g,
            "adam": rate * m_hat / (np.sqrt(v_hat) + 1e-8),
            "ballistic": rate**2 * g / (gamma / 2 + np.sqrt(gamma**2 / 4 + rate**2 * v_hat)),
        }
        if published:
            step |= {"adam": rate * m / np.sqrt(v + 1e-8), "ballistic": rate * g / np.sqrt(v + 1e-8)}
        w = w - step[name]
        yield w


@pytest.mark.parametrize(
    ("name", "published", "tolerance"),
    # a sum of 40 steps, each right to rounding; adaptive steps divide by roots of squared gradients, of which the
    # smallest are differences of larger numbers
    [
        ("gradient_descent", False, 1e-12),
        ("adam", False, 1e-10),
        ("ballistic", False, 1e-10),
        ("adam", True, 1e-10),
        ("ballistic", True, 1e-10),
    ],
)
def test_the_engine_runs_the_textbook_loop_on_the_same_batches(name, published, tolerance):
    network, rate, trial = Perceptron((6, 5, 3)), 0.05, np.random.SeedSequence(4)
    part = labelled(20, network)
    parameters = Parameters(batch_size=4, n_epochs=8, published_variant=published)
    rule = next(rule for rule in candidates(parameters) if rule.name == name)
    found = train(at_rate(rule, rate), network, part, parameters, trial)
    random = np.random.default_rng(trial)
    start = network.start(random)
    order = shuffled(20, 4, 8, random)

    def gradient(w, batch):
        return CrossEntropy(network, part.images[batch], part.labels[batch]).gradient(w)

    path = list(textbook(name, gradient, start, order, rate, published))
    assert len(path) == 40
    assert_array_equal(found[0], start)
    assert_allclose(found[1:], path[4::5], rtol=0, atol=tolerance)


def test_all_three_rules_learn(run):
    """A network that guesses is right in 10 % with a loss of ln 10. The best of three rates reaches 80 to 95 %."""
    assert run.rule.values.tolist() == ["gradient_descent", "adam", "ballistic"]
    assert (run.test_accuracy[:, 0] < 0.4).all()
    assert (run.test_accuracy[:, -1] > 0.5).all()
    assert (run.train_loss[:, -1] < np.log(10) / 2).all()


def test_tuning_takes_the_rate_of_least_validation_loss_and_says_if_it_is_at_the_edge(run):
    assert run.tuning_loss.shape == (3, 3)
    best = run.tuning_loss.values.argmin(0)
    assert_array_equal(run.learning_rate, run.rate.values[best])
    assert_array_equal(run.at_edge, np.isin(best, (0, 2)))
    assert_allclose(run.rate, [3e-3, 3e-2, 3e-1], rtol=1e-12)
    assert run.at_edge.values[0] == 1  # gradient descent would like a larger rate than any of these


def test_rules_start_from_the_same_weights_and_trials_differ(run):
    start = run.train_loss.values[:, 0]
    assert np.ptp(start, axis=1).max() == 0
    assert start[0, 0] != start[1, 0]


def test_parts_are_disjoint_and_complete():
    random = np.random.default_rng(0)
    digits = load_digits("bundled", 0, random)
    parts = (digits.train, digits.validation, digits.test)
    assert [len(part.images) for part in parts] == [1150, 288, 359]
    assert digits.n_classes == 10
    assert digits.train.images.max() == 1
    counts = np.bincount(np.concatenate([part.labels for part in parts]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as its authors count them
    assert np.bincount(parts[0].labels).min() > 80  # shuffled


def files(n_train=30, n_test=10, seed=0):
    random = np.random.default_rng(seed)
    return {
        "x_train": random.integers(256, size=(n_train, 4, 3), dtype=np.uint8),
        "y_train": random.integers(3, size=n_train, dtype=np.uint8),
        "x_test": random.integers(256, size=(n_test, 4, 3), dtype=np.uint8),
        "y_test": random.integers(3, size=n_test, dtype=np.uint8),
    }


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_idx(folder, arrays, packed=False):
    for name, array in arrays.items():
        path = folder / f"{IDX_FILES[name]}{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return folder


@pytest.mark.parametrize("kind", ["npz", "idx", "idx.gz"])
def test_own_files_are_read_in_both_formats(kind, tmp_path):
    arrays = files()
    if kind == "npz":
        path = tmp_path / "own.npz"
        np.savez(path, **arrays)
    else:
        path = write_idx(tmp_path, arrays, packed=kind == "idx.gz")
    digits = load_digits(str(path), 0, np.random.default_rng(0))
    assert_array_equal(digits.test.labels, arrays["y_test"])
    brightest = digits.test.images.max() * 255 / arrays["x_test"].max()
    assert_allclose(digits.test.images * 255, arrays["x_test"].reshape(10, 12) * brightest, rtol=1e-14)
    assert [len(digits.train.images), len(digits.validation.images)] == [24, 6]


def test_a_run_on_own_files(tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, **files())
    small = {"hidden": (4, 3), "batch_size": 8, "n_epochs": 1, "n_trials": 1, "n_rates": 2, "n_tuning_trials": 1}
    ds = scenarios.run("digits", data=str(path), **small)
    assert ds.attrs["n_train"] == 24
    assert ds.attrs["n_weights"] == 13 * 4 + 5 * 3 + 4 * 3
    assert json.loads(ds.attrs["parameters"])["data"] == str(path)
    assert figures.draw(ds).axes


BROKEN = {
    "missing array": ({"x_test": None}, "has no array x_test"),
    "labels": ({"y_train": np.zeros(29, int)}, "y_train must be 30 whole numbers"),
    "negative label": ({"y_train": np.full(30, -1)}, "y_train must be 30 whole numbers"),
    "vast label": ({"y_train": np.full(30, 10**9)}, "y_train must be 30 whole numbers"),
    "real labels": ({"y_test": np.zeros(10)}, "y_test must be 10 whole numbers"),
    "flat": ({"x_train": np.zeros(30)}, "x_train must be numbers of shape"),
    "text": ({"x_train": np.full((30, 12), "a")}, "x_train must be numbers of shape"),
    "empty": ({"x_test": np.zeros((0, 12))}, "x_test must be numbers of shape"),
    "nan": ({"x_test": np.full((10, 12), np.nan)}, "x_test must be finite and not negative"),
    "negative": ({"x_test": np.full((10, 12), -1.0)}, "x_test must be finite and not negative"),
    "pixels": ({"x_test": np.ones((10, 4, 4))}, "x_train have 12 pixels, of x_test 16"),
    "objects": ({"x_train": np.array([None] * 30)}, "is no .npz file of numbers"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_arrays_are_named(change, message, tmp_path):
    path = tmp_path / "own.npz"
    np.savez(path, **{name: array for name, array in (files() | change).items() if array is not None})
    with pytest.raises(InputError, match=message):
        load_digits(str(path), 0, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK", "is no idx file"),
        (bytes([0, 0, 8, 3, 0, 0]), "ends within its header"),
        (idx(np.zeros((30, 4, 3), np.uint8))[:-1], "should hold 360 bytes of values, got 359"),
        (bytes([0, 0, 7, 1, 0, 0, 0, 0]), "is no idx file"),
    ],
)
def test_broken_idx_files_are_named(content, message, tmp_path):
    write_idx(tmp_path, files())
    (tmp_path / IDX_FILES["x_train"]).write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_digits(str(tmp_path), 0, np.random.default_rng(0))


def test_broken_paths_are_named(tmp_path):
    random = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"does not exist; use 'bundled', an .npz file or a folder"):
        load_digits(str(tmp_path / "none.npz"), 0, random)
    with pytest.raises(InputError, match="has no file train-images-idx3-ubyte"):
        load_digits(str(tmp_path), 0, random)
    write_idx(tmp_path, files(), packed=True)
    packed = tmp_path / f"{IDX_FILES['y_test']}.gz"
    for content in (packed.read_bytes()[:-9], b"no gzip", packed.read_bytes()[:12] + b"\xff" * 30):
        packed.write_bytes(content)
        with pytest.raises(InputError, match="cannot read .*t10k-labels"):
            load_digits(str(tmp_path), 0, random)
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match=r"is no .npz file"):
        load_digits(str(tmp_path / "text.npz"), 0, random)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"is no .npz file"):
        load_digits(str(tmp_path / "one.npy"), 0, random)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_images": 1439}, "n_images is 1439, but there are 1438"),
        ({"n_images": 2}, "n_images is 2, too few"),
        ({"n_images": 30, "batch_size": 25}, "batch_size is 25, but there are 24"),
        ({"lowest_rate": 1.0, "highest_rate": 0.5}, "highest_rate is 0.5; it must be > lowest_rate"),
        ({"discount": 0.0}, "discount must be >= 1e-15 Hz"),
        ({"decay_mean": 1.0}, "decay must lie strictly between 0 and 1"),
    ],
)
def test_parameters_that_do_not_fit_are_named(change, message):
    with pytest.raises(InputError, match=message):
        scenarios.run("digits", **(SHORT | change))


def test_candidates_are_spaced_by_equal_factors():
    rates = learning_rates(Parameters())
    assert_allclose(rates[1:] / rates[:-1], 2, rtol=1e-12)
    assert_array_equal(learning_rates(Parameters(n_rates=1)), [1e-3])


def test_the_figure_shows_means_and_standard_errors(run):
    loss, accuracy = figures.draw(run).axes
    for ax, values in ((loss, run.train_loss.values), (accuracy, 100 * run.test_accuracy.values)):
        mean, error = values.mean(0), values.std(0, ddof=1) / np.sqrt(2)
        for index, (line, band) in enumerate(zip(ax.lines, ax.collections, strict=True)):
            assert_allclose(line.get_ydata(), mean[:, index])
            edge = band.get_paths()[0].vertices[:, 1]
            assert_allclose([edge.min(), edge.max()], [(mean - error)[:, index].min(), (mean + error)[:, index].max()])
    texts = [text.get_text() for text in accuracy.texts]
    assert [text.split("\n")[0] for text in texts] == ["Gradient descent", "Adam", "Ballistic rule"]
    reached = 100 * run.test_accuracy.values[:, -1].mean(0)
    assert [text.split("\n")[1].split()[0] for text in texts] == [f"{value:.1f}" for value in reached]


def test_the_figure_refuses_what_it_cannot_show(run):
    from analysis.figures.digits import digits

    with pytest.raises(InputError, match="is no run of digits"):
        digits(run.assign_attrs(scenario="horizon"))
    with pytest.raises(InputError, match="no measurements"):
        digits(run, data=run)
    assert len(digits(run, run).axes) == 4


def test_the_figure_claims_no_error_for_one_trial(run):
    accuracy = figures.draw(run.isel(trial=[0])).axes[1]
    assert [text.get_text().split("\n")[1] for text in accuracy.texts] == [
        f"{100 * value:.1f} %" for value in run.test_accuracy.values[0, -1]
    ]


def test_labels_keep_their_distance_and_their_order():
    from analysis.figures.digits import GAP, _apart

    for height in ([0.5, 0.5, 0.5], [0.9, 0.1, 0.12], [0.3, 0.6, 0.9]):
        places = _apart(np.array(height))
        assert np.diff(np.sort(places)).min() >= GAP - 1e-12
        assert_array_equal(np.argsort(places, kind="stable"), np.argsort(height, kind="stable"))
    assert_allclose(_apart(np.array([0.3, 0.6, 0.9])), [0.3, 0.6, 0.9])
