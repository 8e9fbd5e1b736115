"""Full citations for the keys of REFERENCES.bib, the only bibliography of the project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import plasticity

__all__ = ["citation", "parse_bibtex"]

BIBLIOGRAPHY = Path(plasticity.__file__).resolve().parent / "REFERENCES.bib"
ACCENTS = {
    '"': "\u0308",
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    "c": "\u0327",
    "v": "\u030c",
}
ENTRY = re.compile(r"@\w+\s*\{\s*([^,\s]+)\s*,")
FIELD = re.compile(r"(\w+)\s*=\s*")
ACCENT = re.compile(r"\{?\\([\"'`^~]|[cv](?=\s|\{))\s*\{?\\?(\w)\}?\}?")


def citation(key: str) -> str:
    """One-line citation of a key; the key itself where the bibliography does not hold it.

    Examples
    --------
    >>> citation("nobody_1800")
    'nobody_1800 (key in REFERENCES.bib)'
    """
    entry = _entries().get(key)
    if entry is None:
        return f"{key} (key in REFERENCES.bib)"
    authors = entry.get("author", "").replace(" and ", "; ")
    where = entry.get("journal") or entry.get("booktitle") or entry.get("publisher") or ""
    volume = " ".join(filter(None, [where, entry.get("volume", "")]))
    place = ":".join(filter(None, [volume, entry.get("pages", "").replace("--", "–")]))
    elsewhere = f"doi:{entry['doi']}" if "doi" in entry else entry.get("note", "")
    if "eprint" in entry:
        elsewhere = f"arXiv:{entry['eprint']}"
    head = f"{authors} ({entry.get('year', 'n.d.')})"
    return ". ".join(filter(None, [head, entry.get("title"), place, elsewhere]))


def parse_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Fields of every entry of a BibTeX file by key, with plain letters for TeX accents and braces removed.

    Examples
    --------
    >>> parse_bibtex('@article{a_2000, title = {On {STDP}}, year = 2000}')
    {'a_2000': {'title': 'On STDP', 'year': '2000'}}
    """
    starts = list(ENTRY.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return {match.group(1): _fields(text[match.end() : end]) for match, end in zip(starts, ends, strict=True)}


@cache
def _entries() -> Mapping[str, Mapping[str, str]]:
    return parse_bibtex(BIBLIOGRAPHY.read_text(encoding="utf-8"))


def _fields(text: str) -> dict[str, str]:
    fields, position = {}, 0
    while match := FIELD.search(text, position):
        value, position = _value(text, match.end())
        fields[match.group(1).lower()] = _plain(value)
    return fields


def _value(text: str, start: int) -> tuple[str, int]:
    """The value that begins at `start`, in braces, quotes or bare, and where it ends."""
    if text[start : start + 1] == '"':
        end = text.index('"', start + 1)
        return text[start + 1 : end], end + 1
    if text[start : start + 1] != "{":
        end = min((i for i in (text.find(",", start), text.find("}", start)) if i >= 0), default=len(text))
        return text[start:end], end
    depth = 0
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start + 1 : end], end + 1
    return text[start + 1 :], len(text)


def _plain(value: str) -> str:
    import unicodedata

    value = ACCENT.sub(lambda m: unicodedata.normalize("NFC", m.group(2) + ACCENTS[m.group(1)]), value)
    return " ".join(value.replace("{", "").replace("}", "").replace("\\&", "&").replace("~", " ").split())
