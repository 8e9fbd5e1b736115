"""Two lessons in a real browser: open, run, answer, see the verdict, predict, move the slider."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from shutil import which
from socket import create_server

import numpy as np
import pytest

from course.lesson import find

pytest.importorskip("marimo")
playwright = pytest.importorskip(
    "playwright.sync_api", reason="no playwright here: lessons are not driven in a browser"
)
BROWSER = which("chromium") or which("chromium-browser") or which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here: lessons are not driven in a browser"),
]
PATIENCE = 120_000  # ms, on a busy machine
ANSWERS = {  # wrong answer, words of its hint, right answer; exercise that unlocks a slider, and its answer
    "objective": ("short_horizon", '"-sqrt(eta*k/v)*g"', "Ballistic", '"-alpha*g"', "predict_path", '"straighter"'),
    "control": ("rest_of_turning", "0.2", "distance from 0", "0.8", "predict_turning", '"faster"'),
}


@contextmanager
def served(file, mode="edit"):
    """Address at which marimo edits or runs a file."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    offline = ["--skip-update-check"] if mode == "edit" else []
    command = [sys.executable, "-m", "marimo", mode, str(file), "--headless", "--no-token", *offline]
    server = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def reached(page, address):
    """Open the page as soon as the server answers; returns by when all must have happened."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        with suppress(playwright.Error):
            page.goto(address)
            break
        time.sleep(0.2)
    return deadline


def opened(page, address):
    """Open the notebook and run all cells."""
    deadline = reached(page, address)
    start = time.monotonic()
    page.wait_for_selector(".cm-content", timeout=PATIENCE)
    run_all = page.locator(".bottom-5.right-5 [data-testid=run-button]")
    while not page.get_by_text("Not begun.").count():
        assert time.monotonic() < deadline + PATIENCE / 1000
        run_all.click()
        with suppress(playwright.TimeoutError):
            page.get_by_text("Not begun.").first.wait_for(timeout=5000)
    return time.monotonic() - start


def answer(page, exercise, value):
    """Write the last line of a function and run its cell."""
    editor = page.locator(".cm-editor").filter(has_text=f"def {exercise}()")
    editor.scroll_into_view_if_needed()
    editor.locator(".cm-line").last.click()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Home")
    page.keyboard.insert_text(f"return {value}")
    page.keyboard.press("Control+Enter")


@pytest.mark.parametrize("name", ANSWERS)
def test_a_lesson_is_worked_through_in_a_browser(name, tmp_path):
    exercise, wrong, hint, right, prediction, choice = ANSWERS[name]
    file = tmp_path / f"{name}.py"
    file.write_text(find(name).student, encoding="utf-8")
    errors = []
    with served(file) as address, playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.route(lambda url: not url.startswith(address), lambda route: route.abort())  # as without internet
        first = opened(page, address)
        answer(page, exercise, wrong)
        page.get_by_text(hint).first.wait_for(timeout=PATIENCE)
        answer(page, exercise, right)
        page.get_by_text("Right.").first.wait_for(timeout=PATIENCE)
        assert page.locator("marimo-slider").count() == 0
        answer(page, prediction, choice)
        page.locator("marimo-slider [role=slider]").wait_for(state="attached", timeout=PATIENCE)
        times = [moved(page) for _ in range(5)]
        browser.close()
    print(f"{name}: verdicts after {first:.1f} s, slider {1000 * np.median(times):.0f} ms")
    assert [error for error in errors if "Failed to load resource" not in error] == []  # fonts of formulas in figures


def moved(page):
    """Move the slider by a step and wait until the figure's text has changed."""
    page.locator("marimo-plotly").first.wait_for(state="attached", timeout=PATIENCE)
    page.evaluate("document.querySelector('marimo-plotly').scrollIntoView()")
    figure = page.locator(".js-plotly-plot").first
    figure.wait_for(timeout=PATIENCE)
    before = figure.inner_text()
    page.locator("marimo-slider [role=slider]").focus()
    start = time.monotonic()
    page.keyboard.press("ArrowRight")
    deadline = start + PATIENCE / 1000
    while page.locator(".js-plotly-plot").first.inner_text() == before:
        assert time.monotonic() < deadline, "the figure does not change with the slider"
        time.sleep(0.01)
    return time.monotonic() - start
