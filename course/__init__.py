"""A course: lessons that are programs, and checks that let the engine judge an answer (`course.check`)."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from course import check as check

__all__ = export(__name__)
