"""Lessons as Jupyter notebooks, for hosted kernels: Markdown stays text, sliders come from ipywidgets.

The cells keep their order, but for the checks, which stand folded at the top. An exercise and what judges or draws it
are one cell, which is run again after an answer: in marimo that happens by itself.
"""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING, Any

from course.lesson import Lesson
from plasticity.errors import InputError

if TYPE_CHECKING:
    from nbformat import NotebookNode

INSTALL = '%pip install --quiet "steersman[course]" ipywidgets'
CHECKS = "# @title Checks: run them; look, after you have tried"
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
IN_PLACE_OF = {
    "import marimo as mo": "from course import hosted as mo",
    "run all cells: ▶ at the bottom right.*": "run all cells. After an answer, run its cell again.*",
}


def notebook(lesson: Lesson, text: str) -> NotebookNode:
    """Notebook of a lesson, from its text for students or teachers.

    Raises
    ------
    InputError
        If nbformat is missing.
    """
    try:
        from nbformat import v4
    except ImportError:
        raise InputError("nbformat, which writes notebooks, is missing: pip install 'steersman[course]'") from None
    for words, others in IN_PLACE_OF.items():
        text = text.replace(words, others)
    writer = _Writer(text, lesson.exercises)
    for node in writer.tree.body:
        writer.add(node)
    opening = [("code", INSTALL), ("code", writer.setup), ("code", "\n\n\n".join([CHECKS, *writer.checks]))]
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    cells = [make[kind](source) for kind, source in [*opening, *writer.cells]]
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"  # not at random, so that the file is the same every time
    cells[2]["metadata"] = FOLDED
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return v4.new_notebook(cells=cells, metadata=kernel | {"title": lesson.title})


def as_json(made: NotebookNode) -> str:
    """Text of a notebook file; its form is checked.

    Raises
    ------
    nbformat.ValidationError
        If the notebook is none.
    """
    from nbformat import validate, writes

    validate(made)
    return str(writes(made)) + "\n"


class _Writer:
    """Cells of a notebook, from the top-level nodes of a marimo notebook, one after another."""

    def __init__(self, text: str, exercises: tuple[str, ...]):
        self.lines, self.tree = text.split("\n"), ast.parse(text)
        self.exercises, self.sliders = exercises, _sliders(self.tree)
        self.setup = ""
        self.checks: list[str] = []
        self.cells: list[tuple[str, str]] = []
        self.indent = ""  # of what depends on a prediction
        self.is_open = False  # whether the next code belongs to the cell before it

    def add(self, node: ast.stmt) -> None:
        if isinstance(node, ast.With):
            self.setup = self._source(node.body)
        elif isinstance(node, ast.FunctionDef) and "function" in ast.unparse(node.decorator_list[0]):
            source = "\n".join(self.lines[node.lineno - 1 : node.end_lineno])
            if node.name not in self.exercises and node.name != "mistakes":
                self.checks.append(source)
            else:
                self._begin("code", source)
        elif isinstance(node, ast.FunctionDef):
            self._add_cell(node)

    def _add_cell(self, node: ast.FunctionDef) -> None:
        body = [statement for statement in node.body if not isinstance(statement, ast.Return)]
        prose = _prose(body)
        if prose is not None:
            if not prose.startswith("## Checks"):
                self._begin("markdown", prose)
            return
        if not self.is_open:
            self._begin("code", "")
        follows = [argument.arg for argument in node.args.args if argument.arg in self.sliders]
        self._append(self._interactive(body, follows) if follows else self._plain(body))

    def _begin(self, kind: str, source: str) -> None:
        self.cells.append((kind, source))
        self.indent, self.is_open = "", kind == "code"

    def _append(self, blocks: list[tuple[str, str]]) -> None:
        kind, source = self.cells[-1]
        parts = [source] if source else []
        parts += [textwrap.indent(block, indent) for indent, block in blocks]
        self.cells[-1] = (kind, "\n\n".join(parts))

    def _plain(self, body: list[ast.stmt]) -> list[tuple[str, str]]:
        """Statements, the last one shown; what stands after a ``mo.stop`` goes into the other branch."""
        blocks: list[tuple[str, str]] = []
        pending: list[ast.stmt] = []
        for statement in body:
            call = _stop(statement)
            if call is None:
                pending.append(statement)
                continue
            blocks += [(self.indent, self._source(pending))] if pending else []
            condition, words = map(ast.unparse, call.args)
            blocks.append((self.indent, f"if {condition}:\n    mo.show({words})\nelse:"))
            pending, self.indent = [], f"{self.indent}    "
        return [*blocks, (self.indent, self._shown(pending, "mo.show({})"))]

    def _interactive(self, body: list[ast.stmt], follows: list[str]) -> list[tuple[str, str]]:
        """A function that draws, again whenever a slider moves."""
        inside = textwrap.indent(self._shown(body, "return {}"), "    ")
        return [(self.indent, f"@mo.follow({', '.join(follows)})\ndef _():\n{inside}")]

    def _shown(self, body: list[ast.stmt], last: str) -> str:
        if not (body and isinstance(body[-1], ast.Expr)):
            return self._source(body)
        value = last.format(textwrap.dedent(self._source(body[-1:])))
        return "\n\n".join([self._source(body[:-1]), value] if body[1:] else [value])

    def _source(self, body: list[ast.stmt]) -> str:
        return textwrap.dedent("\n".join(self.lines[body[0].lineno - 1 : body[-1].end_lineno]))


def _prose(body: list[ast.stmt]) -> str | None:
    """Text of a cell that is nothing but Markdown."""
    if len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Call):
        call = body[0].value
        if ast.unparse(call.func) == "mo.md" and isinstance(call.args[0], ast.Constant):
            return textwrap.dedent(str(call.args[0].value)).strip()
    return None


def _stop(statement: ast.stmt) -> ast.Call | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return value if isinstance(value, ast.Call) and ast.unparse(value.func) == "mo.stop" else None


def _sliders(tree: ast.Module) -> set[str]:
    """Names of sliders."""

    def is_slider(value: Any) -> bool:
        return isinstance(value, ast.Call) and ast.unparse(value.func) == "mo.ui.slider"

    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and is_slider(node.value)]
    return {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}
