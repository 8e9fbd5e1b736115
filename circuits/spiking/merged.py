"""Sources of a compiled model as two files instead of one for each of its operations.

Most of the time that a compiler needs for one of Brian2's small files goes to the headers, which are the same in all.
Anonymous namespaces get the names of their files, so that the same names in two files remain two things. What only
makes, reads and writes arrays is a file of its own, and is not optimised.
"""

from __future__ import annotations

import re
from pathlib import Path

MODEL, ARRAYS = "model.cpp", "objects.cpp"  # in this order: of what both compile the linker takes the optimised version
SOURCES = re.compile(r"^SRCS = (.*)$", re.MULTILINE)
INCLUDED = re.compile(r'^#include "(.*)"', re.MULTILINE)
ANONYMOUS, OPENED = "\nnamespace {\n", "using namespace brian;\n"


def merge_sources(folder: Path) -> None:
    """Merge the sources that a makefile lists.

    Raises
    ------
    RuntimeError
        If the makefile is none of Brian2.
    """
    makefile = (folder / "makefile").read_text(encoding="utf-8")
    listed = SOURCES.search(makefile)
    if listed is None or ARRAYS not in listed[1].split():
        raise RuntimeError(
            f"the makefile in {folder} does not list {ARRAYS}; use a version of Brian2 that setup.cfg names"
        )
    merged = [_named(folder, folder / name) for name in listed[1].split() if name != ARRAYS]
    (folder / MODEL).write_text("\n".join(merged), encoding="utf-8")
    compiled_once = f"{ARRAYS.replace('.cpp', '.o')}: OPTIMISATIONS += -O0\n"
    text = SOURCES.sub(f"SRCS = {MODEL} {ARRAYS}", makefile)
    (folder / "makefile").write_text(f"{text}\n{compiled_once}", encoding="utf-8")


def _named(folder: Path, path: Path) -> str:
    """Text of a file that may stand in `folder`, and of which the anonymous namespace has a name."""

    def seen_from_folder(line: re.Match[str]) -> str:
        beside = path.parent / line[1]
        return f'#include "{beside.relative_to(folder)}"' if beside.is_file() else line[0]

    text = INCLUDED.sub(seen_from_folder, path.read_text(encoding="utf-8"))
    if ANONYMOUS not in text:
        return text
    name = f"of_{path.stem}"
    return text.replace(ANONYMOUS, f"\nnamespace {name} {{\n").replace(OPENED, f"{OPENED}    using namespace {name};\n")
