"""Pages of the site that are made from the program: catalogues, gallery, commands, bibliography, API.

Every member of a catalogue has a page, and every public name of a package an entry; nothing is listed by hand.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from theory_page import theory_page

import scenarios
import steersman as sm
from analysis.datasets import load as load_data
from analysis.figures import GENERAL, draw
from analysis.figures import names as figures
from analysis.pages.bibliography import citation, entries
from analysis.pages.figure_parts import COLOURS, save, tidy
from plasticity.pages.display import table
from plasticity.pages.markdown import markdown
from plasticity.rule import CURVATURE, GRADIENT
from plasticity.support import catalog
from scenarios.running.run import in_words
from scenarios.running.run import load as load_scenario

PACKAGES = {
    "plasticity": "rules, policies, paths, executors",
    "plasticity.filters": "beliefs, step by step",
    "plasticity.metrics": "geometries that are known by products",
    "plasticity.export": "rules in other programs",
    "plasticity.conformance": "golden weights for other simulators",
    "circuits": "networks",
    "scenarios": "experiments",
    "analysis": "data, fits, inference",
    "course": "lessons",
    "course.check": "checks of answers",
}
COMMANDS = ("plasticity", "scenarios", "analysis", "course")
DELAYS = np.linspace(-0.1, 0.1, 82)  # s, without 0


def write(folder: Path) -> None:
    """Write all pages into `folder`, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    catalogue(folder / "scenarios", "Gallery", "scenarios", scenario_page)
    catalogue(folder / "rules", "Rules", "plasticity.rules", rule_page)
    catalogue(folder / "signals", "Signals", "plasticity.signals", member_page("plasticity.signals"))
    catalogue(folder / "circuits", "Circuits", "circuits", circuit_page)
    catalogue(folder / "datasets", "Data sets", "analysis.datasets", data_page)
    for package, title in PACKAGES.items():
        page(folder / "api" / f"{package}.rst", api_page(package, title))
    index(folder / "api", "API", PACKAGES)
    for package in COMMANDS:
        page(folder / "commands" / f"{package}.md", command_page(package))
    index(folder / "commands", "Commands", {package: f"python -m {package}" for package in COMMANDS})
    page(folder / "references.md", bibliography())
    page(folder / "theory.md", theory_page())
    changes = Path(__file__).parents[1].joinpath("CHANGELOG.md").read_text(encoding="utf-8")
    page(folder / "changelog.md", changes.replace("](docs/", "](../"))


def page(path: Path, text: str) -> None:
    """Write one page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def index(folder: Path, title: str, entries: dict[str, str]) -> None:
    """Page of a folder: a table of its pages and a hidden table of contents."""
    rows = "\n".join(
        f"| {thumbnail(folder, name, words)}{{doc}}`{name}` | {markdown(words)} |" for name, words in entries.items()
    )
    toc = "\n".join(entries)
    text = f"# {title}\n\n| | |\n|---|---|\n{rows}\n\n```{{toctree}}\n:hidden:\n\n{toc}\n```"
    page(folder / "index.md", text)


def thumbnail(folder: Path, name: str, words: str) -> str:
    """The picture of a page in its row of the table, if it has one."""
    return f"![{markdown(words)}]({name}.png){{width=220px}}<br>" if (folder / f"{name}.png").is_file() else ""


def catalogue(folder: Path, title: str, package: str, write_page: Callable[[str, Path], str]) -> None:
    """One page per member, and their table."""
    names = catalog.names(package)
    for name in names:
        page(folder / f"{name}.md", write_page(name, folder))
    index(folder, title, {name: catalog.title(package, name) for name in names})


def scenario_page(name: str, folder: Path) -> str:
    """Docstring, figure of a run, the command that repeats it, parameters; the picture is that of a quick run."""
    module = load_scenario(name)
    run = scenarios.run(name, **module.SMOKE)
    folder.mkdir(parents=True, exist_ok=True)
    save(draw(run), folder / f"{name}.png")
    fields = [(f, f.metadata) for f in dataclasses.fields(module.Parameters)]
    defaults = module.Parameters()
    rows = [(f"`{f.name}`", in_words(getattr(defaults, f.name)), m["unit"], m["help"]) for f, m in fields]
    title, _, text = (module.__doc__ or "").strip().partition("\n")
    seen = f"{run.attrs['title']}. {catalog.title('analysis.figures', name if name in figures() else GENERAL)}"
    return f"""# {title.partition(":")[0]}

{markdown(title.partition(": ")[2]).capitalize()}

{prose(text)}

![{markdown(seen)}]({name}.png)

The picture is that of a quick run: `python -m scenarios run {name} --quick --figure {name}.png`.
For the whole one leave out `--quick`; the numbers are in `results/{name}-0.nc`.

## Parameters

{table(("name", "default", "unit", "meaning"), rows)}
"""


def rule_page(name: str, folder: Path) -> str:
    """Card, picture and the places where a rule runs."""
    rule = sm.rules.load(name)()
    words = rule_picture(rule, folder / f"{name}.png")
    picture = f"## Picture\n\n![{words}]({name}.png)\n\n{words}.\n\n" if words else ""
    inputs = ", ".join(s.name for s in rule.inputs)
    where = (
        f"Its inputs are {inputs}: a circuit, a signal or a landscape provides them." if inputs else "It reads spikes."
    )
    call = f"```python\nimport steersman as sm\n\nrule = sm.rules.{name}()\n```"
    return f"{rule.card()}\n{picture}## Call\n\n{call}\n\n{where}\n\n{documentation(sm.rules.load(name))}"


def rule_picture(rule: sm.Rule, path: Path) -> str:
    """Draw the STDP window of a rule of spikes, or the path of a rule of gradients; words for it, or "" without one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(5.0, 3.2), layout="constrained")
    ax = figure.subplots()
    if not set(rule.inputs) <= {GRADIENT, CURVATURE}:
        return ""
    if rule.inputs:
        loss = sm.Quadratic([1.0, 4.0], [0.0, 0.0])
        dt = 0.01 if rule.clock_dt is None else rule.clock_dt
        theta = sm.simulate(rule, loss, [1.0, 1.0], n_steps=1000, dt=dt).theta.values
        grid = np.linspace(-0.4, 1.2, 60)
        x, y = np.meshgrid(grid, grid)
        ax.contour(x, y, loss.loss(np.stack([x, y], axis=-1)), colors="0.8", levels=10)
        ax.plot(*theta.T, color=COLOURS[0])
        ax.plot(*theta[0], "o", color="black", markerfacecolor="white")
        ax.set(xlabel="weight 1", ylabel="weight 2")
        words = f"Path down a valley of curvatures 1 and 4 in {1000 * dt:g} s"
    else:
        window = sm.stdp_window(rule, DELAYS)
        if not np.any(window.weight_change):
            return ""  # it needs a third factor
        ax.axhline(0, color="0.7", linewidth=0.8)
        ax.plot(1e3 * DELAYS, 100 * window.weight_change, color=COLOURS[0])
        ax.set(xlabel="post minus pre spike (ms)", ylabel="weight change (%)")
        words = "Change by 60 pairs of spikes at 1 Hz against their delay"
    tidy([ax])
    save(figure, path)
    return words


def circuit_page(name: str, folder: Path) -> str:
    """An example that was run when the page was made, its picture, and the docstring."""
    path = Path(__file__).parent / "gallery" / f"{name}.py"
    folder.mkdir(parents=True, exist_ok=True)
    space = runpy.run_path(str(path))
    save(space["figure"], folder / f"{name}.png")
    words = markdown(" ".join(space["__doc__"].split()))
    body = path.read_text(encoding="utf-8").partition('"""\n\n')[2]
    head = f"# {name}\n\n{markdown(catalog.title('circuits', name))}\n\n## Example\n\n{words}\n\n![{words}]({name}.png)"
    return f"{head}\n\n```python\n{body}```\n\n{documentation(catalog.load('circuits', name))}"


def member_page(package: str) -> Callable[[str, Path], str]:
    """Docstring of a function of a catalogue, whose example is tested."""

    def write_page(name: str, folder: Path) -> str:
        function = catalog.load(package, name)
        title = catalog.title(package, name)
        return f"# {name}\n\n{markdown(title)}\n\n{documentation(function)}"

    return write_page


def data_page(name: str, folder: Path) -> str:
    """Source, rights and values of a data set."""
    data = load_data(name)
    shown = ("doi", "figure", "rights", "provenance", "references")
    rows = [(key, str(data.attrs[key])) for key in shown if data.attrs.get(key)]
    head = f"# {name}\n\n{markdown(data.attrs['title'])}\n\n{table(('', ''), rows)}\n\n"
    sizes = ", ".join(f"{size} × {dim}" for dim, size in data.sizes.items())
    function = catalog.load("analysis.datasets", name)
    return head + f"Arrays: {sizes}.\n\n{documentation(function)}"


def documentation(function: Any) -> str:
    """The entry of autodoc in a page of Markdown."""
    name = f"{function.__module__}.{function.__name__}"
    return f"```{{eval-rst}}\n.. autofunction:: {name}\n   :no-index:\n```"


def api_page(package: str, title: str) -> str:
    """Every name of ``__all__``, by kind."""
    module = importlib.import_module(package)
    lines = [package, "=" * len(package), "", title[:1].upper() + title[1:] + ".", "", f".. module:: {package}", ""]
    own = [
        name for name, value in vars(module).items() if getattr(value, "__module__", None) == package and name[0] != "_"
    ]
    for name in sorted(module.__all__ if hasattr(module, "__path__") else own):
        value = getattr(module, name)
        if isinstance(value, ModuleType) or name in catalogue_members(package):
            continue
        kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
        home = getattr(value, "__module__", None)
        if kind == "data":
            lines += [f".. data:: {package}.{name}", "", f"   {value!r}".replace("`", ""), ""]
        elif home and home.startswith(package.partition(".")[0]):
            members = ["   :members:"] if kind == "class" else []
            lines += [f".. auto{kind}:: {package}.{name}", *members, ""]
    return "\n".join(lines)


def catalogue_members(package: str) -> list[str]:
    """Names that have a page in the gallery already."""
    return catalog.names(package) if package in ("circuits", "scenarios") else []


def command_page(package: str) -> str:
    """Help of a command and of all its parts, as they print it."""
    text = help_of(package)
    parts = sorted(line.split()[0] for line in text.splitlines() if line[:4] == "    " and line[4:5].isalpha())
    blocks = [f"## {part}\n\n```text\n{help_of(package, part)}```" for part in parts]
    return "\n\n".join([f"# python -m {package}", f"```text\n{text}```", *blocks])


def help_of(*command: str) -> str:
    """What ``python -m COMMAND --help`` prints, 100 characters wide."""
    package, *parts = command
    done = subprocess.run(
        [sys.executable, "-m", package, *parts, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "100", "PATH": "", "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    return done.stdout


def bibliography() -> str:
    """All references, as docstrings name them."""
    return "# References\n\n" + "\n".join(f"- `{key}`: {markdown(citation(key))}" for key in sorted(entries()))


def prose(text: str) -> str:
    """Paragraphs of a docstring as Markdown."""
    return "\n\n".join(markdown(" ".join(part.split())) for part in text.split("\n\n") if part.strip())
