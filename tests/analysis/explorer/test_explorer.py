"""The page of the explorer: what it stores is what the engine computes, and its programs print what it shows."""

import contextlib
import io
import itertools
import re
from dataclasses import replace
from functools import cache
from html import unescape
from json import dumps, loads
from pathlib import Path
from shutil import which
from subprocess import run

import numpy as np
import pytest
from scipy.integrate import simpson, solve_ivp

import steersman as sm
from analysis.explorer import inverse
from analysis.explorer.minima import SLIDERS, minima
from analysis.explorer.page import VIEWS, page
from analysis.explorer.view import SCALE, moments

CLOSE = 1e-3  # of a coordinate, beside which a screen shows no difference
TEMPLATES = Path(inverse.__file__).parents[1] / "pages" / "templates"


@pytest.fixture(scope="module")
def views():
    """All views; that of two minima, whose states cost seconds each, with a third of them."""
    few = (replace(SLIDERS[0], values=("0.1", "0.5", "1.5"), first=1), replace(SLIDERS[1], values=("0.2", "0.5")))
    return {make.__name__: make(few) if make is minima else make() for make in VIEWS}


@pytest.fixture(scope="module")
def entries():
    return {entry["name"]: entry for entry in inverse.inverse()}


@pytest.fixture(scope="module")
def html(views, entries):
    return page(list(views.values()), list(entries.values()))


@cache
def printed(program):
    """Names that a program leaves, and the numbers that it prints."""
    space, output = {}, io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(program, space)
    shown = " ".join(re.sub(r"^[^:]*:", "", line) for line in output.getvalue().splitlines())
    return space, [float(x) for x in re.findall(r"-?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf)", shown)]


def filled(view, state, texts, start):
    """The program of a state."""
    program = view.python[state.get("python", 0)]
    for slider, text in zip(view.sliders, texts, strict=True):
        program = program.replace("{" + slider.name + "}", text)
    return program.replace("{x}", f"{start[0]:.2f}").replace("{y}", f"{start[1]:.2f}")


def some_states(view, n):
    """States evenly spread over the sliders, with the texts of their values."""
    texts = list(itertools.product(*(slider.values for slider in view.sliders)))
    assert len(texts) == len(view.states)
    return [(view.states[i], texts[i]) for i in range(0, len(texts), max(1, len(texts) // n))]


def on_the_page(view, state, start):
    """Start, times, path and action that the page shows, from what it stores."""
    if view.starts is None:
        points = np.reshape(state["basis"], (-1, 2, 3)) @ [*start, 1] / SCALE
        x, y = start
        form = state.get("action")
        action = None if form is None else float(np.dot(form, [x * x, x * y, y * y, x, y, 1]))
        return start, moments(state["duration"]), points, action
    side = -1 if start[1] < 0 else 1
    nearest = int(np.argmin(np.linalg.norm(np.array(view.starts) - [start[0], abs(start[1])], axis=1)))
    path = state["paths"][nearest]
    points = np.reshape(path["points"], (-1, 2)) / SCALE * [1, side]
    x, y = view.starts[nearest]
    return (x, side * y + 0.0), np.array(path["times"]) / SCALE, points, state["actions"][nearest]


def route(space, start, times):
    """Path of the engine at these times, by the names that a program leaves."""
    if "motion" in space:
        begin = [*start, *space["start"][2:]]
        path = solve_ivp(space["motion"], (0, times[-1]), begin, t_eval=times, rtol=1e-9, atol=1e-11)
        return path.y[:2].T
    if "path" in space:
        path = space["path"]
        return np.stack([np.interp(times, path.time, column) for column in path.theta.values.T], axis=-1)
    policy = space["policy"]
    return policy.path([*start, *[0.0] * (len(policy.offset) - 2)], times)[:, :2]


@pytest.mark.parametrize("make", VIEWS)
def test_a_view_has_few_sliders_with_few_steps(make, views):
    view = views[make.__name__]
    assert 1 <= len(view.sliders) <= 3
    assert all(2 <= len(slider.values) <= 12 and 0 <= slider.first < len(slider.values) for slider in view.sliders)


@pytest.mark.parametrize("make", VIEWS)
def test_the_page_shows_what_its_program_computes(make, views):
    """Paths from any start agree with the engine to 1e-3, facts and action with what the program prints."""
    view = views[make.__name__]
    for state, texts in some_states(view, 3 if view.starts else 12):
        if "reason" in state:
            continue
        start, times, points, action = on_the_page(view, state, (-0.73, -1.21))
        space, numbers = printed(filled(view, state, texts, start))
        expected = [x for _, values in state["facts"] for x in values] + ([] if action is None else [action])
        np.testing.assert_allclose(numbers[: len(expected)], expected, rtol=2e-5, atol=2e-6)
        np.testing.assert_allclose(route(space, start, times), points, atol=CLOSE)


def test_the_gradient_flow_of_a_valley_is_its_exponential(views):
    """θ(t) = θ_0 e^{−ηkvt} with the curvatures 4 and 1."""
    view = views["horizon"]
    state = next(s for s in view.states if s.get("other") is not None)
    flow = view.others[state["other"]]
    points = np.reshape(flow["basis"], (-1, 2, 3)) @ [1.0, 2.0, 1] / SCALE
    plasticity = float(view.sliders[1].values[0])
    times = moments(flow["duration"])
    expected = np.exp(-plasticity * np.outer(times, [4.0, 1.0])) * [1.0, 2.0]
    np.testing.assert_allclose(points, expected, atol=CLOSE)


def test_the_rules_of_the_horizons_have_their_names(views):
    view = views["horizon"]
    names = {(texts[0], texts[2]): state["name"] for state, texts in some_states(view, len(view.states))}
    assert names["0", "1"] == "ballistic"
    assert names["oo", "1"] == "gradient_descent"
    assert names["1", "1"] == "multi_step"
    assert names["0", "2"] == names["4", "2"] == "heavy_ball"


def test_the_costs_of_a_path_add_up_to_its_action(views):
    """∫ e^{−γt} (cost of change + kL) dt of the stored path, by Simpson in s = √(t/T), is J."""
    view = views["horizon"]
    index = [slider.values.index(text) for slider, text in zip(view.sliders, ("2", "1", "1"), strict=True)]
    state = view.states[np.ravel_multi_index(index, [len(s.values) for s in view.sliders])]
    end = [1.0, -0.5, 1.0]
    theta = np.reshape(state["basis"], (-1, 2, 3)) @ end / SCALE
    effort = np.reshape(state["control"], (-1, 2, 3)) @ end / SCALE
    times, even = moments(state["duration"]), np.linspace(0, 1, len(theta))
    cost = np.exp(-2 * times) * (0.5 * np.sum(effort**2, axis=1) + 0.5 * theta**2 @ [4.0, 1.0])
    paid = simpson(cost * 2 * state["duration"] * even, x=even)
    assert paid == pytest.approx(np.dot(state["action"], [1, -0.5, 0.25, 1, -0.5, 1]), rel=2e-3)


def test_the_first_tab_says_what_the_engine_says(entries):
    answer = sm.assumptions_of(sm.rules.gradient_descent(), sm.Quadratic(inverse.HESSIAN, inverse.OPTIMUM))
    entry = entries["gradient_descent"]
    assert (entry["verdict"], entry["common"], entry["decides"]) == (answer.verdict, answer.common, answer.decides)
    np.testing.assert_allclose(np.reshape(entry["reach"][4], (2, 2)), answer.reach(inverse.DISCOUNTS[4]), rtol=1e-5)
    assert set(entries) == {*sm.rules.names(), "feedback_alignment"}
    assert all(("verdict" in entry) != ("reason" in entry) for entry in entries.values())
    assert {"heavy_ball", "oja", "triplet_stdp", "weight_decay"} <= {n for n, e in entries.items() if "verdict" in e}


@pytest.mark.parametrize("name", ["oja", "weight_decay", "feedback_alignment"])
def test_the_program_of_a_rule_prints_its_verdict_and_its_metric(entries, name, capsys):
    entry = entries[name]
    exec(entry["python"].replace("{discount}", "1.0"), {})
    shown = capsys.readouterr().out
    assert entry["verdict"] in shown
    last = re.findall(r"-?\d+\.\d*(?:e-?\d+)?", " ".join(shown.splitlines()[-2:]))[-4:]
    matrix = entry["reach" if entry["kind"] == "any horizon" else "drift"][inverse.DISCOUNTS.index(1.0)]
    np.testing.assert_allclose(sorted(map(float, last)), sorted(matrix), rtol=1e-4)


def test_the_page_is_small_and_needs_nothing_else(html, views):
    states = views["minima"].states
    left_out = np.prod([len(slider.values) for slider in SLIDERS]) / len(states) - 1
    assert len(html.encode()) + left_out * len(dumps(states, separators=(",", ":"))) < 5e6
    outside = re.sub(r"http://www\.w3\.org/(2000/svg|1998/Math/MathML)", "", html)
    assert not re.search(r"https?://|\bsrc=|<link|@import|url\((?!#)", outside)


def test_colours_have_contrast_on_white():
    """WCAG: (L_1 + 0.05)/(L_2 + 0.05) of relative luminances, 3 for graphics and 4.5 for text."""
    style = (TEMPLATES / "explorer.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "explorer.js").read_text(encoding="utf-8")
    lines = dict(re.findall(r"(BLUE|ORANGE|LINE) = \"(#\w+)\"", script))
    assert len(lines) == 3
    assert all(contrast(colour) >= 3 for colour in lines.values())
    text = re.findall(r"[^-]color: (#\w+)", style)
    assert [c for c in text if c != "#fff" and contrast(c) < 4.5] == []


def contrast(colour):
    full = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear) + 0.05)


BROWSER = which("chromium") or which("chromium-browser") or which("google-chrome")


@pytest.fixture(scope="module")
def report(html, tmp_path_factory):
    """What the page writes into itself at the address #selftest, in a real browser."""
    file = tmp_path_factory.mktemp("explorer") / "explorer.html"
    file.write_text(html, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
    done = run([*command, f"file://{file}#selftest"], capture_output=True, text=True, timeout=300, check=True)
    text = re.search(r'<pre id="selftest">(.*?)</pre>', done.stdout, re.S)
    assert text, done.stderr[-2000:]
    return loads(unescape(text[1]))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: the script of the explorer is not run")
def test_a_browser_shows_what_the_engine_computes(report, views):
    assert report["errors"] == []
    assert {result["view"] for result in report["results"]} == set(views)
    for result in report["results"]:
        view, start = views[result["view"]], result["start"]
        index = np.ravel_multi_index(result["at"], [len(slider.values) for slider in view.sliders])
        state = view.states[index]
        if "reason" in state:
            assert result["python"] is None
            continue
        begin, times, points, action = on_the_page(view, state, start)
        assert result["python"] == filled(view, state, result["values"], begin)
        np.testing.assert_allclose(result["times"], times, atol=1e-9)
        np.testing.assert_allclose(result["points"], points, atol=1e-9)
        assert result["J"] == (action if action is None else pytest.approx(action, rel=1e-9))
        assert result["facts"] == state["facts"]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: the script of the explorer is not run")
def test_slopes_that_are_typed_are_judged_as_the_engine_does(report):
    loss, kinds = sm.Quadratic(inverse.HESSIAN, inverse.OPTIMUM), set()
    for entry in report["typed"]:
        answer = sm.assumptions_of(np.reshape(entry["R"], (2, 2)), loss)
        kinds.add(answer.kind)
        assert entry["kind"] == answer.kind
        assert entry["verdict"].partition(" (")[0].rstrip(".") == answer.verdict.partition(" (")[0].rstrip(".")
        space, _ = printed(entry["python"].replace("{discount}", "1.0"))
        assert space["answer"].verdict == answer.verdict
        for discount, reach in zip(inverse.DISCOUNTS, entry["reach"], strict=True):
            if answer.kind == "any horizon":
                np.testing.assert_allclose(np.reshape(reach, (2, 2)), answer.reach(discount), rtol=1e-3, atol=1e-3)
            else:
                assert reach is None
    assert kinds == {"any horizon", "drift"}


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: a change is not timed")
def test_the_time_of_a_change_is_printed(report):
    """Printed, not judged: the machine may be busy."""
    print(f"explorer: median change {report['median']:.0f} ms, longest {report['longest']:.0f} ms")
    assert report["median"] > 0
