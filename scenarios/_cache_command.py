"""The command ``cache``: what is kept of compiled code, and how to be rid of it."""

from __future__ import annotations

import argparse
from collections import defaultdict


def add_command(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    cache = commands.add_parser("cache", help="list the compiled code that is kept, or clear it")
    cache.add_argument(
        "--clear", action="store_true", help="remove all that is not in use; it is made again when needed"
    )


def command(arguments: argparse.Namespace) -> None:
    """Print a table of the cache, or of what was removed."""
    from plasticity.cache import cache_folder
    from plasticity.cache_entries import clear, entries, limit_in_use
    from plasticity.cli import say

    limit = limit_in_use()
    found = clear() if arguments.clear else entries()
    totals: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for entry in found:
        totals[entry.kind][0] += 1
        totals[entry.kind][1] += entry.size
    say(f"{'removed from' if arguments.clear else 'kept in'} {cache_folder('')}, limit {limit / 1e6:.0f} MB")
    rows = [*sorted(totals.items()), ("total", [len(found), sum(entry.size for entry in found)])]
    for kind, (number, size) in rows:
        print(f"{kind:12} {number:6.0f} entries {size / 1e6:10.1f} MB")
