"""Files of lessons for a class: notebooks of students and teachers, for marimo and for Jupyter."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from course.lesson import Lesson, lessons
from course.notebook import as_json, notebook
from plasticity.support.whole_file import whole_file


def build(folder: str | os.PathLike, chosen: Iterable[Lesson] | None = None) -> list[Path]:
    """Write ``student/NAME.py`` and ``.ipynb``, ``teacher/NAME.py`` and ``.ipynb`` of every lesson.

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
        If a file cannot be written, or nbformat is missing.
    """
    written = []
    for lesson in lessons() if chosen is None else chosen:
        for version, text in (("student", lesson.student), ("teacher", lesson.text)):
            path = Path(folder) / version / f"{lesson.name}.py"
            for target, content in ((path.with_suffix(".ipynb"), as_json(notebook(lesson, text))), (path, text)):
                with whole_file(target) as file:
                    file.write(content.encode())
                written.append(target)
    return written
