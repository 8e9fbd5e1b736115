"""Citations of the keys of plasticity/references.toml, the bibliography of the project, as text and as BibTeX."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import plasticity

__all__ = ["as_bibtex", "citation", "entries"]


@cache
def entries() -> Mapping[str, Mapping[str, str | int]]:
    """Fields of every entry by key, under their BibTeX names; ``type`` is that of the entry."""
    return tomllib.loads((Path(plasticity.__file__).parent / "references.toml").read_text(encoding="utf-8"))


def citation(key: str) -> str:
    """One-line citation of a key; the key itself where the bibliography does not contain it.

    Examples
    --------
    >>> citation("nobody_1800")
    'nobody_1800 (key in references.toml)'
    """
    if key not in entries():
        return f"{key} (key in references.toml)"
    entry = {name: str(value).replace("{", "").replace("}", "") for name, value in entries()[key].items()}
    authors = entry.get("author", "").replace(" and ", "; ")
    venue = entry.get("journal") or entry.get("booktitle") or entry.get("publisher", "")
    volume = f"{venue} {entry.get('volume', '')}".strip()
    pages = ":".join(filter(None, [volume, entry.get("pages", "").replace("--", "–")]))
    link = f"doi:{entry['doi']}" if "doi" in entry else entry.get("note", "")
    if "eprint" in entry:
        link = f"arXiv:{entry['eprint']}"
    head = f"{authors} ({entry.get('year', 'n.d.')})"
    return ". ".join(filter(None, [head, entry.get("title"), pages, link]))


def as_bibtex() -> str:
    """The whole bibliography in BibTeX.

    Examples
    --------
    >>> as_bibtex().splitlines()[0]
    '@inproceedings{vastola_2025,'
    """
    texts = []
    for key, entry in entries().items():
        fields = "".join(f"  {name} = {{{value}}},\n" for name, value in entry.items() if name != "type")
        texts.append(f"@{entry['type']}{{{key},\n{fields}}}\n")
    return "\n".join(texts)
