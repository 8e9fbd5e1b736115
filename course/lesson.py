"""A lesson: one marimo notebook, from which the files of students and teachers are made.

An exercise is a function ``name`` beside a function ``check_name``, which takes the answer and returns a
`course.check.Verdict`. What stands between the lines ``# solution`` and ``# end`` becomes ``raise NotImplementedError``
in the student's file. The function ``mistakes``, which maps exercises to wrong answers with words of their hints, and
cells whose names begin with ``teacher`` are left out there.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from plasticity.errors import InputError, UnknownNameError

FOLDER = Path(__file__).with_name("lessons")
BEGIN, END, STUB = "# solution", "# end", "raise NotImplementedError"
_NUMBER = re.compile(r"Lesson (\d+): (.*)")


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Parameters
    ----------
    name : str
        Name of its file.
    title : str
        First line of its docstring.
    goal : str
        Its next paragraph: what one can do afterwards.
    exercises : tuple of str
        Names of the functions that students complete.
    text : str
        The notebook, with solutions.
    """

    name: str
    title: str
    goal: str
    exercises: tuple[str, ...]
    text: str

    @property
    def number(self) -> int:
        """Number of a lesson of the course; 0 for others."""
        numbered = _NUMBER.fullmatch(self.title)
        return int(numbered[1]) if numbered else 0

    @property
    def student(self) -> str:
        """The notebook for students."""
        return student_text(self.text)


def lessons() -> tuple[Lesson, ...]:
    """All lessons of the course in their order.

    Examples
    --------
    >>> [lesson.name for lesson in lessons()][:1]
    ['objective']
    """
    files = [file for file in FOLDER.glob("*.py") if file.stem != "__init__"]
    return tuple(sorted(map(read_lesson, files), key=lambda lesson: lesson.number))


def find(name: str) -> Lesson:
    """Lesson of the course by name or number, or one in a file.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> find("1").name
    'objective'
    """
    if name.endswith(".py"):
        return read_lesson(Path(name))
    known = lessons()
    for lesson in known:
        if name in (lesson.name, str(lesson.number)):
            return lesson
    raise UnknownNameError("lesson", name, [lesson.name for lesson in known])


def read_lesson(file: Path) -> Lesson:
    """Lesson in a file, which is read and not run.

    Raises
    ------
    InputError
        If there is no such file, it is no Python, or holds no exercise.
    """
    try:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise InputError(f"cannot read the lesson {file}: {getattr(error, 'strerror', None) or error}") from None
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    exercises = tuple(name for name in names if f"check_{name}" in names)
    if not exercises:
        raise InputError(f"{file} holds no exercise: a function NAME beside a function check_NAME")
    title, _, rest = (ast.get_docstring(tree) or file.stem).partition("\n")
    return Lesson(file.stem, title.rstrip("."), " ".join(rest.strip().partition("\n\n")[0].split()), exercises, text)


def student_text(text: str) -> str:
    r"""Notebook without solutions, mistakes and what is for teachers.

    Raises
    ------
    InputError
        If a solution has no end.

    Examples
    --------
    >>> print(student_text("def half():\n    # solution\n    return 0.5\n    # end"), end="")
    def half():
        raise NotImplementedError
    """
    lines: list[str] = []
    within = False
    for line in _without(text, _for_teachers(text)):
        mark = line.strip()
        if mark == BEGIN and not within:
            lines.append(line.replace(BEGIN, STUB))
            within = True
        elif mark == END and within:
            within = False
        elif not within:
            lines.append(line)
    if within:
        raise InputError(f"a line {BEGIN!r} has no line {END!r} after it")
    return "\n".join(lines).rstrip("\n") + "\n"


def first_line(node: ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) -> int:
    r"""Number of the first line of a definition, with its decorators.

    Examples
    --------
    >>> first_line(ast.parse("@abs\ndef f(): pass").body[0])
    1
    """
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _for_teachers(text: str) -> list[ast.FunctionDef]:
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return [node for node in functions if node.name == "mistakes" or node.name.startswith("teacher")]


def _without(text: str, nodes: list[ast.FunctionDef]) -> list[str]:
    """Lines of a text without some definitions and the blank lines after them."""
    lines = text.split("\n")
    for node in sorted(nodes, key=first_line, reverse=True):
        end = node.end_lineno or node.lineno
        while end < len(lines) and not lines[end].strip():
            end += 1
        del lines[first_line(node) - 1 : end]
    return lines
