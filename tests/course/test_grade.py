"""Grades of a class: right, wrong, empty, endless, crashing submissions, and those that leave processes behind."""

import csv
import os
from pathlib import Path

import pytest

from course.class_report import as_text
from course.grade import composed, grade, submissions
from course.lesson import read_lesson
from course.sandbox import isolation
from plasticity.errors import InputError
from plasticity.support.cli import exit_status

pytest.importorskip("marimo")
LESSON = '''"""Halves.

Afterwards you can halve.
"""

from course import check


class App:
    def function(self, of):
        return of


app = App()


@app.function
def half():
    """Half of 3."""
    # solution
    return 1.5
    # end


@app.function
def halved(x):
    """Half of x."""
    # solution
    return x / 2
    # end


@app.function
def check_half(answer):
    """By the engine."""
    return check.number(answer, 3 / 2, others={"That is the whole.": 3.0})


@app.function
def check_halved(answer):
    """By the engine."""
    return check.code(answer, lambda x: 0.5 * x, lambda random: (random.normal(),))


@app.function
def mistakes():
    """Answers that students give."""
    return {"half": [(3.0, "whole")]}
'''
HALF, HALVED = "def half():\n    {}\n", "def halved(x):\n    {}\n"
RIGHT, WRONG, NOT_BEGUN = "right", "wrong", "not begun"


def both(first, second="return x / 2"):
    return HALF.format(first) + HALVED.format(second)


STAYS = "import subprocess; subprocess.Popen(['sleep', '1000.{pid}'], start_new_session={apart}); return 1.5"
SLEEPS = "import time\n    try:\n        time.sleep(99)\n    except BaseException:\n        time.sleep(99)"
SUBMISSIONS = {  # text, states of both exercises, words of the first hint
    "ada": (both("return 1.5"), (RIGHT, RIGHT), "3 digits"),
    "ben": (both("return 6 / 4", "return 0.5 * x"), (RIGHT, RIGHT), ""),
    "cleo": ("@app.function\n" + both("return 1.5"), (RIGHT, RIGHT), ""),
    "dora": ("@app.cell\ndef _():\n    def half():\n        return 1.5\n    return\n", (RIGHT, NOT_BEGUN), ""),
    "emil": (HALVED.format("return helper(x)") + "def helper(x):\n    return x / 2\n", (NOT_BEGUN, RIGHT), ""),
    "finn": (both("return 3.0"), (WRONG, RIGHT), "That is the whole."),
    "gina": (both("return 1.4", "return x"), (WRONG, WRONG), "too small"),
    "hans": (both("return 'a half'"), (WRONG, RIGHT), "must be a number"),
    "ida": ("", (NOT_BEGUN, NOT_BEGUN), "no exercise"),
    "jo": (both("raise NotImplementedError", "raise NotImplementedError"), (NOT_BEGUN, NOT_BEGUN), ""),
    "kai": ("def half(:\n", (WRONG, WRONG), "cannot be read"),
    "lea": (both("while True: pass"), (WRONG, RIGHT), "takes longer"),
    "max": (both("return 1.5", "import os; os.kill(os.getpid(), 9)"), (RIGHT, WRONG), ""),
    "nora": (both("return 1 / 0"), (WRONG, RIGHT), "ZeroDivisionError"),
    "otto": (both("import sys; sys.exit()"), (WRONG, RIGHT), "SystemExit"),
    "pia": (both(STAYS.format(pid=os.getpid(), apart=False)), (RIGHT, RIGHT), ""),
    "quin": (both(STAYS.format(pid=os.getpid(), apart=True)), (RIGHT, RIGHT), ""),
    "rosa": (both("return bytes(10**10) and 1.5"), (WRONG, RIGHT), "MemoryError"),
    "sam": (
        both("return 9.0") + "def check_half(answer):\n    return 'right'\nclass check:\n    pass\n",
        (WRONG, RIGHT),
        "",
    ),
    "tom": (both(SLEEPS), (WRONG, WRONG), "Not reached within 16 s"),
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    file = tmp_path_factory.mktemp("lesson") / "halves.py"
    file.write_text(LESSON)
    return file


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    for name, (text, _, _) in SUBMISSIONS.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def graded(lesson, handed_in, tmp_path_factory):
    table = tmp_path_factory.mktemp("table") / "class.csv"
    command = ["grade", str(handed_in), "--lesson", str(lesson), "-o", str(table), "--seconds", "16", "--workers", "2"]
    from course.__main__ import main

    assert exit_status(main, command) == 0
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row for row in rows if row["student"] == name] for name in SUBMISSIONS}


def commands():
    """Command lines of all processes of this machine."""
    return [
        path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path)
    ]


def readable(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_every_kind_of_submission_has_its_states_and_hint(graded, name):
    _, states, words = SUBMISSIONS[name]
    assert tuple(row["state"] for row in graded[name]) == states
    assert words in graded[name][0]["message"]


def test_processes_that_submissions_left_have_ended(graded):
    mark = f"1000.{os.getpid()}"
    left = [line for line in commands() if mark in line]
    if isolation():
        assert left == []
    else:  # one that left the process group is out of reach, as the command says
        assert len(left) <= 1


def test_nothing_of_a_submission_remains_but_its_answers(lesson):
    import ast

    text = "import shutil\nshutil.rmtree('/nowhere')\n" + both("return 1.5")
    whole = composed(read_lesson(lesson), text, ast.parse(text))
    assert "rmtree" not in whole
    assert "return 1.5" in whole
    assert whole.count("def half()") == 1


@pytest.mark.skipif(not isolation(), reason="the system lets no program be set apart (unshare)")
def test_a_submission_has_no_network(lesson, tmp_path):
    """It can reach a server of this machine outside the sandbox only."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        (tmp_path / "net.py").write_text(
            both(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); return 1.5")
        )
        rows = grade(tmp_path, read_lesson(lesson), seconds=30)
    assert rows[0].state == WRONG
    assert "OSError" in rows[0].message or "Error" in rows[0].message


def test_the_report_counts_what_is_right(lesson, tmp_path):
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "halves.py").write_text(both("return 3.0"))
    text = as_text(grade(tmp_path, read_lesson(lesson)))
    assert "anna" in text
    assert "1 × half: That is the whole." in text


@pytest.mark.parametrize("name", ["nobody", "", "nowhere.py", "/", "a\0.py"])
def test_an_unknown_lesson_is_refused(name, capsys):
    from course.__main__ import main

    assert exit_status(main, ["grade", ".", f"--lesson={name}"]) == 2
    assert "lesson" in capsys.readouterr().err


def test_wrong_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="no submission"):
        submissions(tmp_path)
    with pytest.raises(InputError, match="no submission"):
        submissions(tmp_path / "nowhere")
