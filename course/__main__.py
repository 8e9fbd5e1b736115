"""Command line: list lessons, start one, build the files of a class, grade submissions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support.cli import Parser, check_files, exit_status, positive, say, whole


def main(argv: list[str]) -> None:
    """Carry out one command; results go to standard output."""
    arguments = _parser().parse_args(argv)
    arguments.command(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m course", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="lessons, with what one can do after each").set_defaults(command=_list)
    start = commands.add_parser("start", help="copy a lesson to a folder and open it in the browser")
    start.add_argument("lesson", metavar="LESSON", help="name or number, or the file of your own lesson")
    start.add_argument("-o", "--output", default=".", metavar="FOLDER", help="where to work on it (default: here)")
    start.add_argument("--teacher", action="store_true", help="the version with solutions")
    start.add_argument("--copy", action="store_true", help="only copy")
    start.set_defaults(command=_start)
    build = commands.add_parser("build", help="write the files of students and teachers, for marimo and for Jupyter")
    build.add_argument("lessons", nargs="*", metavar="LESSON", help="by default all")
    build.add_argument("-o", "--output", default="build/course", metavar="FOLDER", help="(default build/course)")
    build.set_defaults(command=_build)
    grade = commands.add_parser("grade", help="judge submissions, each in a process of its own")
    grade.add_argument("folder", metavar="FOLDER", help="with NAME.py, or NAME/….py, for every student")
    grade.add_argument("--lesson", metavar="LESSON", help="by default that whose exercises a file holds")
    grade.add_argument("-o", "--output", metavar="FILE.csv", help="table with all hints")
    grade.add_argument("--seconds", type=positive, default=60.0, metavar="S", help="per submission (default 60)")
    grade.add_argument("--memory", type=positive, default=4.0, metavar="GB", help="per submission (default 4)")
    grade.add_argument("--workers", type=whole(1), metavar="N", help="at a time (default: one per processor)")
    grade.set_defaults(command=_grade)
    return parser


def _list(arguments: argparse.Namespace) -> None:
    from course.lesson import lessons

    known = lessons()
    width = max(len(lesson.name) for lesson in known)
    for lesson in known:
        print(f"{lesson.name:{width}}  {lesson.title}")
        print(f"{'':{width}}  {lesson.goal} {len(lesson.exercises)} exercises.")


def _start(arguments: argparse.Namespace) -> None:
    from course.lesson import find
    from plasticity.support.whole_file import whole_file

    lesson = find(arguments.lesson)
    path = Path(arguments.output) / f"{lesson.name}{'_teacher' if arguments.teacher else ''}.py"
    if path.exists():
        say(f"{path} is there already: your work goes on in it")
    else:
        with whole_file(path) as file:
            file.write((lesson.text if arguments.teacher else lesson.student).encode())
        print(path)
    if not arguments.copy:
        _edit(path)


def _edit(path: Path) -> None:
    """Open a notebook with marimo, until that is ended."""
    import importlib.util
    import subprocess

    if importlib.util.find_spec("marimo") is None:
        raise InputError(f"marimo, which shows {path}, is missing: pip install 'steersman[course]'")
    subprocess.run([sys.executable, "-m", "marimo", "edit", str(path)], check=False)


def _build(arguments: argparse.Namespace) -> None:
    from course.build import build
    from course.lesson import find

    for path in build(arguments.output, [find(name) for name in arguments.lessons] or None):
        print(path)


def _grade(arguments: argparse.Namespace) -> None:
    from course.class_report import as_csv, as_text
    from course.grade import grade
    from course.lesson import find
    from course.sandbox import isolation_statement
    from plasticity.support.whole_file import whole_file

    check_files({"--output": arguments.output})
    lesson = None if arguments.lesson is None else find(arguments.lesson)
    say(isolation_statement())
    grades = grade(arguments.folder, lesson, arguments.seconds, arguments.memory, arguments.workers, say)
    print(as_text(grades))
    if arguments.output:
        with whole_file(arguments.output) as file:
            file.write(as_csv(grades).encode())
        print(arguments.output)


if __name__ == "__main__":
    sys.exit(exit_status(main))
