"""Every lesson: right answers are right, stubs are not begun, wrong answers are refused with their hints.

So that a check and a solution cannot err together, every exercise has an answer in `textbook`, too: a closed form or
a value of a textbook. With an engine that is wrong by a factor two these answers must be refused.
"""

import ast
import importlib.util
import re

import pytest

from course import check
from course.lesson import lessons
from tests.course import textbook, wrong_engine

pytest.importorskip("marimo")
pytest.importorskip("plotly")
LESSONS = {lesson.name: lesson for lesson in lessons()}
EXERCISES = [(lesson.name, exercise) for lesson in LESSONS.values() for exercise in lesson.exercises]
COMPUTED = [(name, exercise) for name, exercise in EXERCISES if not exercise.startswith(("predict_", "my_name"))]
MOST_WORDS = 900  # of a lesson, so that 20 minutes suffice for them


def load(text, folder, name):
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Modules of every lesson: teacher, student."""
    folder = tmp_path_factory.mktemp("lessons")
    return {
        name: (load(lesson.text, folder, f"teacher_{name}"), load(lesson.student, folder, f"student_{name}"))
        for name, lesson in LESSONS.items()
    }


def verdict(module, exercise):
    return check.judge(getattr(module, exercise), getattr(module, f"check_{exercise}"))


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_teacher_is_right_and_the_stub_is_not_begun(versions, name, exercise):
    teacher, student = versions[name]
    assert verdict(teacher, exercise).correct is True
    assert verdict(student, exercise).correct is None


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_wrong_answers_are_refused_with_their_hints(versions, name, exercise):
    teacher, _ = versions[name]
    pairs = teacher.mistakes()[exercise]
    assert len(pairs) >= 2
    for wrong, words in pairs:
        judged = getattr(teacher, f"check_{exercise}")(wrong)
        assert judged.correct is False
        assert words in judged.message


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_textbook_is_right(versions, name, exercise):
    teacher, _ = versions[name]
    answer = textbook.ANSWERS[name][exercise]
    assert getattr(teacher, f"check_{exercise}")(answer).correct is True


@pytest.mark.parametrize(
    ("name", "exercise"), [(n, e) for n, e in EXERCISES if not e.startswith(("predict_", "my_name"))]
)
def test_a_wrong_engine_refuses_the_textbook(versions, monkeypatch, name, exercise):
    """Formulas are twice what they should be, or the engine mistakes curvatures or prices by a factor two."""
    teacher, _ = versions[name]
    accepted = []
    for functions in wrong_engine.mutated(teacher):
        with monkeypatch.context() as patch:
            for function, wrong in functions.items():
                patch.setattr(teacher, function, wrong)
            try:
                accepted.append(getattr(teacher, f"check_{exercise}")(textbook.ANSWERS[name][exercise]).correct)
            except ValueError:  # nothing can be computed with it
                accepted.append(False)
    assert False in accepted


def test_every_student_has_a_learner_of_their_own(versions, monkeypatch):
    teacher, student = versions["project"]
    name, (discount, aim) = "Grace Hopper", (textbook.discount_of("Grace Hopper"), textbook.end_of_aim("Grace Hopper"))
    assert teacher.check_my_discount(discount).correct is False
    assert teacher.check_never_whole(aim).correct is False
    monkeypatch.setattr(teacher, "my_name", lambda: name)
    assert teacher.check_my_discount(discount).correct is True
    assert teacher.check_never_whole(aim).correct is True
    assert "your name first" in check.judge(lambda: 0.5, student.check_my_discount).message


@pytest.mark.parametrize("name", LESSONS)
def test_the_students_file_has_no_solution(name):
    lesson = LESSONS[name]
    solutions = re.findall(r"# solution\n(.*?)# end", lesson.text, re.S)
    assert len(solutions) == len(lesson.exercises)
    lines = [line.strip() for line in lesson.student.splitlines()]
    for solution in solutions:
        long = [line.strip() for line in solution.splitlines() if len(line.strip()) > 12]
        assert [line for line in long if line in lines] == []
    functions = {node.name for node in ast.parse(lesson.student).body if isinstance(node, ast.FunctionDef)}
    assert "mistakes" not in functions
    assert not [function for function in functions if function.startswith("teacher")]
    assert lesson.student.count("raise NotImplementedError\n") == len(lesson.exercises)


@pytest.mark.parametrize("name", LESSONS)
def test_both_versions_run_whole(versions, tmp_path, name):
    """All cells, as marimo orders them, but the teacher's table of mistakes, which other tests go through."""
    text, n_tables = re.subn(r"@app.cell\S*\ndef teacher_mistakes.*?\n    return\n", "", LESSONS[name].text, flags=re.S)
    assert n_tables == 1
    load(text, tmp_path, f"plain_{name}").app.run()
    versions[name][1].app.run()


@pytest.mark.parametrize("name", LESSONS)
def test_the_notebook_is_clean(name, tmp_path):
    from marimo._cli.cli import main as marimo

    for version, text in (("teacher", LESSONS[name].text), ("student", LESSONS[name].student)):
        file = tmp_path / f"{version}.py"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as end:
            marimo(["check", "--strict", str(file)], standalone_mode=True)
        assert end.value.code == 0


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_short_and_its_numbers_go_on(name):
    lesson = LESSONS[name]
    prose = re.findall(r'mo\.md\(r?"""(.*?)"""', lesson.text, re.S)
    words = re.sub(r"\$.*?\$|`.*?`", "", " ".join(prose), flags=re.S).split()
    assert 100 < len(words) <= MOST_WORDS
    assert [lesson.number for lesson in LESSONS.values()] == sorted({lesson.number for lesson in LESSONS.values()})
    assert lesson.goal.startswith("Afterwards you can")


def test_exercises_have_names_of_their_own():
    """By which `grade` finds out which lesson a file is."""
    names = [exercise for _, exercise in EXERCISES]
    assert len(set(names)) == len(names)


def test_no_mark_of_a_solution_stands_alone():
    for lesson in LESSONS.values():
        assert lesson.text.count("# solution\n") == lesson.text.count("# end\n") == len(lesson.exercises)
