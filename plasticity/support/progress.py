"""A bar of progress on a terminal, for what takes more than two seconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str, total: int | None = None) -> Iterable[Item]:
    """Pass the items on; tqdm, which shows the bar, is imported now and not before.

    Examples
    --------
    >>> list(progress([1, 2], "count"))
    [1, 2]
    """
    from tqdm import tqdm

    return tqdm(items, label, total, disable=None, delay=2, leave=False)
