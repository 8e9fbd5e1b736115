"""Bibliography: one line per citation, and a BibTeX text that contains every field."""

import re

from analysis.pages.bibliography import as_bibtex, citation, entries


def test_citation_has_plain_letters_and_no_braces():
    assert citation("emcee_nobody") == "emcee_nobody (key in references.toml)"
    text = citation("sjostrom_2001")
    assert text.startswith("Sjöström, Per Jesper; Turrigiano, Gina G.; Nelson, Sacha B. (2001). Rate, Timing, and")
    assert text.endswith("Neuron 32:1149–1164. doi:10.1016/S0896-6273(01)00542-6")
    assert not any(brace in citation(key) for key in entries() for brace in "{}")


def test_every_entry_has_an_author_a_title_and_the_year_of_its_key():
    for key, entry in entries().items():
        assert {"type", "author", "title"} <= set(entry), key
        assert "year" not in entry or int(re.search(r"\d{4}", key)[0]) == entry["year"], key


def test_bibtex_contains_every_field_of_every_entry():
    parsed = {}
    for kind, key, body in re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}$", as_bibtex(), re.M | re.S):
        parsed[key] = {"type": kind} | dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M))
        assert body.count("{") == body.count("}")
    assert parsed == {key: {name: str(value) for name, value in entry.items()} for key, entry in entries().items()}
