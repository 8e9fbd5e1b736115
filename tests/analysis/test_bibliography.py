"""BibTeX: fields, nesting, accents."""

from analysis.pages.bibliography import citation, parse_bibtex

TEXT = r"""
% a comment
@article{sjostrom_2001,
  author  = {Sj{\"o}str{\"o}m, Per Jesper and Turrigiano, Gina G. and Nelson, Sacha B.},
  title   = "Rate, timing, and cooperativity {LTP} \& {LTD}",
  journal = {Neuron},
  volume  = 32,
  pages   = {1149--1164},
  year    = {2001},
}
@book{second_1999, author = {Fr\'emaux, N.}, title={A = B}, year=1999}
"""


def test_fields_of_every_entry():
    entries = parse_bibtex(TEXT)
    assert list(entries) == ["sjostrom_2001", "second_1999"]
    first = entries["sjostrom_2001"]
    assert first["author"] == "Sjöström, Per Jesper and Turrigiano, Gina G. and Nelson, Sacha B."
    assert first["title"] == "Rate, timing, and cooperativity LTP & LTD"
    assert (first["volume"], first["pages"], first["year"]) == ("32", "1149--1164", "2001")
    assert entries["second_1999"] == {"author": "Frémaux, N.", "title": "A = B", "year": "1999"}


def test_unknown_key_stays_a_key():
    assert citation("nobody_1800").startswith("nobody_1800")
