"""Names that stay apart in tables and legends."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["numbered"]


def numbered(names: Sequence[str]) -> list[str]:
    """The names, numbered where several are the same.

    Examples
    --------
    >>> numbered(["a", "b", "a"])
    ['a #1', 'b', 'a #2']
    """
    return [
        f"{name} #{list(names[: i + 1]).count(name)}" if list(names).count(name) > 1 else name
        for i, name in enumerate(names)
    ]
