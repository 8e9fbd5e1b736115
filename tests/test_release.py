"""What is written more than once for a release agrees: versions, people, requirements, references."""

import configparser
import json
import re
from pathlib import Path

from analysis.pages.bibliography import as_bibtex, entries

ROOT = Path(__file__).parents[1]
CONDA = {"matplotlib": "matplotlib-base", "h5netcdf[h5py]": "h5netcdf"}  # names there


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def setup():
    parser = configparser.ConfigParser()
    parser.read_string(text("setup.cfg"))
    return parser


def test_the_version_is_one():
    version = setup()["metadata"]["version"]
    assert re.search(r"^version: (\S+)$", text("CITATION.cff"), re.M)[1] == version
    assert re.search(r'set version = "(.+?)"', text("recipe/meta.yaml"))[1] == version
    assert re.search(r"^## (\S+)", text("CHANGELOG.md"), re.M)[1] == version


def test_the_people_are_the_same():
    cited = re.findall(r'^  - name: "(.+)"$', text("CITATION.cff"), re.M)
    assert cited == [creator["name"] for creator in json.loads(text(".zenodo.json"))["creators"]]
    head = text("docs/paper/paper.md").split("affiliations:")[0]
    assert cited == re.findall(r"^  - name: (.+)$", head, re.M)


def test_the_archive_says_what_the_package_says():
    archive, package = json.loads(text(".zenodo.json")), setup()["metadata"]
    assert archive["license"] == package["license"]
    assert archive["description"].startswith(package["description"])
    assert archive["title"] == re.search(r'^title: "(.+)"$', text("CITATION.cff"), re.M)[1]
    assert archive["related_identifiers"][0]["identifier"] == entries()["vastola_2025"]["note"]


def test_the_recipe_needs_what_the_package_needs():
    lines = setup()["options"]["install_requires"].split("\n")
    needed = {re.split(r"[<>=;\s]", line)[0] for line in lines if line and not line.startswith("#")}
    run = re.search(r"\n  run:\n((?:    - .+\n)+)", text("recipe/meta.yaml"))[1]
    listed = {re.split(r"[<>=\s]", line)[0] for line in re.findall(r"- (.+)", run)}
    assert listed - {"python", "h5py"} == {CONDA.get(name, name) for name in needed}
    lowest = dict(re.findall(r"(\w+)>=([\d.]+)", setup()["options"]["install_requires"]))
    assert all(f"{name} >={bound}" in run for name, bound in lowest.items())


def test_the_paper_cites_what_is_in_the_bibliography():
    known = {block.strip() for block in as_bibtex().split("\n\n")}
    printed = text("docs/paper/paper.bib").strip().split("\n\n")
    assert set(printed) <= known
    paper = text("docs/paper/paper.md")
    cited = set(re.findall(r"@([a-z_]+_\d{4}[a-z]?)", paper))
    assert len(cited) > 8
    assert sorted(cited) == sorted(re.findall(r"^@\w+\{(\w+),", text("docs/paper/paper.bib"), re.M))
    assert 500 < len(paper.split()) < 1750
    for picture in re.findall(r"\]\(([\w./]+\.png)\)", paper):
        assert (ROOT / "docs" / "paper" / picture).is_file()
