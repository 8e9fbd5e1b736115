"""A course: lessons that are programs, and checks that let the engine judge an answer (`course.check`)."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from course import check as check
    from course.build import build as build
    from course.grade import grade as grade
    from course.lesson import lessons as lessons
    from course.symbols import symbol_table as symbol_table

__all__ = export(__name__)
