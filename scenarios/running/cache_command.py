"""The command ``cache``: what is kept of compiled code, and how to be rid of it."""

from __future__ import annotations

import argparse


def add_command(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    cache = commands.add_parser("cache", help="list the compiled code that is kept, or clear it")
    cache.add_argument(
        "--clear", action="store_true", help="remove all that is not in use; it is made again when needed"
    )


def command(arguments: argparse.Namespace) -> None:
    """Print a table of the cache, or of what was removed."""
    from plasticity.support.cache import cache_folder, clear, entries, size_limit
    from plasticity.support.cli import say

    limit = size_limit()
    found = clear() if arguments.clear else entries()
    say(f"{'removed from' if arguments.clear else 'kept in'} {cache_folder('')}, limit {limit / 1e6:.0f} MB")
    kinds = sorted({entry.kind for entry in found})
    for label, chosen in [(kind, [e for e in found if e.kind == kind]) for kind in kinds] + [("total", found)]:
        print(f"{label:12} {len(chosen):6} entries {sum(e.size for e in chosen) / 1e6:10.1f} MB")
