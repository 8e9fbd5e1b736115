"""Files of lessons for a class: notebooks of students and teachers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from course.lesson import Lesson, lessons
from plasticity.support.whole_file import whole_file


def build(folder: str | os.PathLike, chosen: Iterable[Lesson] | None = None) -> list[Path]:
    """Write ``student/NAME.py`` and ``teacher/NAME.py`` of every lesson.

    Parameters
    ----------
    folder : path
        Where; files of these names are replaced.
    chosen : iterable of Lesson, optional
        By default all lessons of the course.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    written = []
    for lesson in lessons() if chosen is None else chosen:
        for version, text in (("student", lesson.student), ("teacher", lesson.text)):
            path = Path(folder) / version / f"{lesson.name}.py"
            with whole_file(path) as file:
                file.write(text.encode())
            written.append(path)
    return written
