"""Times of lessons: ``python -m tests.course.times [LESSON …]`` prints a table in Markdown.

Of each teacher's version without its table of mistakes: processor time of all cells in a new process, with an empty
cache of derived and compiled rules and with a full one; then ``marimo run`` in Chromium, from opening the page to the
first text and to the first figure, and the median of ten steps of the slider until the figure has changed.
"""

import importlib.util
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from course.lesson import Lesson, find, lessons

RUN_CELLS = "import runpy, sys; runpy.run_path(sys.argv[1])['app'].run()"
N_STEPS = 10


def main() -> None:
    """Print a row per lesson."""
    chosen = [find(name) for name in sys.argv[1:]] or lessons()
    print(
        "| lesson | all cells, first time (CPU s) | again (CPU s) | first text (s) | first figure (s) | slider (ms) |"
    )
    print("|---|---|---|---|---|---|")
    for lesson in chosen:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{lesson.name}.py"
            file.write_text(without_mistakes(lesson), encoding="utf-8")
            os.environ["STEERSMAN_CACHE"] = str(Path(folder) / "cache")
            cells = [f"{cpu_of_cells(file):.1f}" for _ in range(2)]
            shown = in_browser(file) if importlib.util.find_spec("playwright") else ["not measured: no playwright"] * 3
        print(f"| {lesson.number} `{lesson.name}` | {' | '.join([*cells, *shown])} |", flush=True)
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def without_mistakes(lesson: Lesson) -> str:
    """Text of the teacher's version without the cell that goes through all mistakes."""
    return re.sub(r"@app.cell\S*\ndef teacher_mistakes.*?\n    return\n", "", lesson.text, flags=re.S)


def cpu_of_cells(file: Path) -> float:
    """Processor time of a process that runs all cells [s], imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", RUN_CELLS, str(file)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_browser(file: Path) -> list[str]:
    """Seconds to the first text and to the first figure, and the median step of the slider [ms]."""
    from playwright.sync_api import sync_playwright

    from tests.course import test_browser as driven

    with driven.served(file, "run") as address, sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=driven.BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        driven.reached(page, address)
        start = time.monotonic()
        page.reload()
        page.locator("h1").first.wait_for(timeout=driven.PATIENCE)
        text = time.monotonic() - start
        page.locator(".js-plotly-plot").first.wait_for(timeout=driven.PATIENCE)
        figure = time.monotonic() - start
        steps = [step(page, ("ArrowRight", "ArrowLeft")[i % 2]) for i in range(N_STEPS)]
        browser.close()
    return [f"{text:.1f}", f"{figure:.1f}", f"{1000 * median(steps):.0f}"]


def step(page, key: str) -> float:
    """Seconds from a key at the slider until the data of the figure are others."""

    def data() -> str:
        return page.locator(".js-plotly-plot").first.evaluate("figure => JSON.stringify(figure.data)")

    before = data()
    page.locator("marimo-slider [role=slider]").focus()
    start = time.monotonic()
    page.keyboard.press(key)
    while data() == before:
        if time.monotonic() - start > 60:
            raise SystemExit("the figure does not change with the slider")
        time.sleep(0.01)
    return time.monotonic() - start


if __name__ == "__main__":
    main()
