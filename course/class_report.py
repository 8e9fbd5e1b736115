"""Report of a class: a table of students and exercises, as CSV and as text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields

from course.grade import Grade

SIGNS = {"right": "+", "wrong": "x", "not begun": "."}
N_HINTS = 3


def as_csv(grades: Sequence[Grade]) -> str:
    """One row per student and exercise.

    Examples
    --------
    >>> print(as_csv([Grade("ada", "objective", "short", "right", "Equal.")]).splitlines()[1])
    ada,objective,short,right,Equal.,0.0
    """
    output = io.StringIO()
    table = csv.DictWriter(output, [field.name for field in fields(Grade)], lineterminator="\n")
    table.writeheader()
    table.writerows(map(asdict, grades))
    return output.getvalue()


def as_text(grades: Sequence[Grade]) -> str:
    """Table of students and exercises, shares of right answers, and the most frequent hints, lesson by lesson."""
    return "\n\n".join(
        _of_lesson(name, [g for g in grades if g.lesson == name]) for name in _unique(g.lesson for g in grades)
    )


def _of_lesson(name: str, grades: Sequence[Grade]) -> str:
    students, exercises = _unique(g.student for g in grades), _unique(g.exercise for g in grades)
    sign = {(g.student, g.exercise): SIGNS[g.state] for g in grades}
    width = max(map(len, (*students, "share right")))
    lines = [f"{name or 'no lesson'}: {len(students)} submissions (+ right, x wrong, . not begun)"]
    lines += [f"  {i}  {exercise}" for i, exercise in enumerate(exercises, 1)]
    lines += ["", f"{'':{width}} {' '.join(f'{i:>4}' for i in range(1, len(exercises) + 1))}  right"]
    for student in students:
        signs = [sign[student, exercise] for exercise in exercises]
        lines.append(f"{student:{width}} {' '.join(f'{s:>4}' for s in signs)}  {signs.count('+'):>5}")
    shares = [sum(sign[s, e] == "+" for s in students) / len(students) for e in exercises]
    lines.append(f"{'share right':{width}} {' '.join(f'{100 * share:>3.0f}%' for share in shares)}")
    hints = Counter((g.exercise, g.message) for g in grades if g.state == "wrong")
    if hints:
        lines += ["", "most frequent hints:"]
        lines += [f"  {n} × {exercise}: {message}" for (exercise, message), n in hints.most_common(N_HINTS)]
    return "\n".join(lines)


def _unique(values) -> list[str]:
    return list(dict.fromkeys(values))
