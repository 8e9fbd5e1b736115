"""Grades of a class: every submission judged by the checks of the lesson, each in a process of its own."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from course.lesson import Lesson, first_line, lessons
from course.sandbox import run_limited
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number, require_whole
from plasticity.support.temporary import temporary_folder

SECONDS, MEMORY = 60.0, 4.0  # of a submission, and GB
WARMING = 600.0  # s, at most, for a lesson's own answers
LARGEST = 1_000_000  # bytes of a submission
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Grade:
    """State of one exercise of a student.

    Parameters
    ----------
    student : str
        Name of the submitted file, or of its folder.
    lesson, exercise : str
        What was judged.
    state : str
        ``right``, ``wrong`` or ``not begun``.
    message : str
        The hint.
    seconds : float
        Time that the exercise took.
    """

    student: str
    lesson: str
    exercise: str
    state: str
    message: str
    seconds: float = 0.0


@checked
def grade(
    folder: str | os.PathLike,
    lesson: Lesson | None = None,
    seconds: float = SECONDS,
    memory: float = MEMORY,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Grade]:
    """Judge every submission of a folder: its files ``*.py``, and those in its folders, which then name the student.

    Only the answers of a submission are taken: its functions with the names of the exercises, and functions of its
    own. They are put into the notebook of the lesson, whose checks nobody can change by editing a file.

    Parameters
    ----------
    folder : path
        With the submissions.
    lesson : Lesson, optional
        By default that of the course whose exercises the file holds.
    seconds : float
        Time of a submission [s], at most; an exercise has half of what is left. A first run of the lesson's own
        answers, which fills the cache, does not count.
    memory : float
        Memory of a submission [GB], at most.
    workers : int, optional
        Submissions at a time; by default one per processor.
    progress : callable, optional
        Takes the name of each student who is done.

    Returns
    -------
    list of Grade
        One per student and exercise, in the order of the names.

    Raises
    ------
    InputError
        If there is no submission, or no exercise in any.
    """
    require_number("seconds", seconds, low=0, exclusive=True)
    require_number("memory", memory, low=0, exclusive=True)
    files = submissions(Path(folder))
    known = lessons() if lesson is None else (lesson,)
    n_workers = require_whole("workers", workers or os.cpu_count() or 1, low=1)

    def one(student: str) -> list[Grade]:
        grades = _grades(student, files[student], known, lesson is not None, limits)
        if progress is not None:
            progress(student)
        return grades

    with temporary_folder() as base, ThreadPoolExecutor(n_workers) as pool:
        limits = _Limits(seconds, int(memory * 1e9), base)
        grades = [row for rows in pool.map(one, sorted(files)) for row in rows]
    if not any(row.lesson for row in grades):
        raise InputError(f"FOLDER {str(folder)!r}: none of {len(files)} files holds an exercise; name the lesson")
    return grades


def submissions(folder: Path) -> dict[str, Path]:
    """Files by the names of their students.

    Raises
    ------
    InputError
        If `folder` is none, or holds no submission.
    """
    try:
        flat = {file.stem: file for file in folder.glob("*.py")}
        nested = {str(file.parent.relative_to(folder) / file.stem): file for file in folder.glob("*/*.py")}
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read FOLDER {str(folder)!r}: {error}") from None
    single = {name.partition("/")[0]: file for name, file in nested.items()}
    files = flat | (single if len(single) == len(nested) else nested)
    files = {name: file for name, file in files.items() if not file.name.startswith("__")}
    if not files:
        raise InputError(
            f"FOLDER {str(folder)!r} holds no submission: a file NAME.py, or a folder NAME with one, for every student"
        )
    return files


def _grades(student: str, file: Path, known: Sequence[Lesson], is_named: bool, limits: _Limits) -> list[Grade]:
    lesson, names = (known[0].name, known[0].exercises) if is_named else ("", ("",))
    try:
        text = _read(file)
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        return [Grade(student, lesson, name, "wrong", f"The file cannot be read: {error}.") for name in names]
    functions = set(_functions(tree))
    chosen = max(known, key=lambda one: len(functions & set(one.exercises)))
    if not functions & set(chosen.exercises):
        return [Grade(student, lesson, name, "not begun", "The file holds no exercise.") for name in names]
    judged = _judged(chosen, composed(chosen, text, tree), limits)
    return [Grade(student, chosen.name, *judged[name]) for name in chosen.exercises]


def _read(file: Path) -> str:
    if file.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST:.0e} bytes")
    return file.read_text(encoding="utf-8")


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """Functions by their names, also those that the notebook has put into a cell."""
    inner = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {node.name: node for node in (*inner, *(n for n in tree.body if isinstance(n, ast.FunctionDef)))}


def composed(lesson: Lesson, text: str, tree: ast.Module) -> str:
    """The notebook of students with the answers of a submission in place of the stubs.

    Functions and classes that the submission adds stand before it, so that they hide nothing that it imports.
    """
    lines = lesson.student.split("\n")
    stubs = {node.name: node for node in ast.parse(lesson.student).body if isinstance(node, ast.FunctionDef)}
    answers = _functions(tree)
    missing = f"def {{}}():\n    {'raise NotImplementedError'}"
    for name in sorted(lesson.exercises, key=lambda name: -stubs[name].lineno):
        node = answers.get(name)
        source = missing.format(name) if node is None else _source(text, node)
        lines[first_line(stubs[name]) - 1 : stubs[name].end_lineno] = source.split("\n")
    own = [
        n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name not in stubs and n.name != "_"
    ]
    return "\n".join([*(_source(text, node) for node in own), *lines])


def _source(text: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(lines))


@dataclass(frozen=True)
class _Limits:
    """Time [s] and memory [bytes] of a submission, and the folder for caches that the lessons have filled."""

    seconds: float
    memory: int
    base: Path
    lock: Lock = field(default_factory=Lock)

    def cache(self, lesson: Lesson) -> Path:
        """Cache with what the checks of a lesson derive and compile; its own solutions and mistakes fill it once."""
        with self.lock:
            cache = self.base / lesson.name
            if not cache.exists():
                cache.mkdir()
                with temporary_folder() as folder:
                    (folder / "lesson.py").write_text(lesson.text, encoding="utf-8")
                    command = [sys.executable, "-P", "-c", "from course.trial import warm; warm('lesson.py')"]
                    run_limited(command, folder, _environment(folder, cache), WARMING)
            return cache


def _judged(lesson: Lesson, text: str, limits: _Limits) -> dict[str, tuple[str, str, str, float]]:
    """Exercise, state, message and seconds by exercise, of the answers in a text."""
    with temporary_folder() as base:
        folder, results, cache = base / "submission", base / "results", base / "cache"
        shutil.copytree(limits.cache(lesson), cache)
        folder.mkdir()
        (folder / "lesson.py").write_text(text, encoding="utf-8")
        numbers = [f"{limits.seconds}", f"{limits.memory}"]
        command = [sys.executable, "-P", "-m", "course.trial", "lesson.py", str(results), *numbers, *lesson.exercises]
        in_time = run_limited(command, folder, _environment(folder, cache), limits.seconds)
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    judged = {line["exercise"]: tuple(line.values()) for line in map(json.loads, lines)}
    why = "The process ended before it." if in_time else f"Not reached within {limits.seconds:g} s."
    return {name: judged.get(name, (name, "wrong", why, 0.0)) for name in lesson.exercises}


def _environment(folder: Path, cache: Path) -> dict[str, str]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"HOME": str(folder), "STEERSMAN_CACHE": str(cache), "TMPDIR": str(folder)}
    return environment | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
