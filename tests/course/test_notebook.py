"""Lessons as Jupyter notebooks: their form, and one teacher's version executed by a kernel, cell by cell."""

import pytest

from course.build import build
from course.lesson import find, lessons

nbformat = pytest.importorskip("nbformat", reason="no nbformat here: notebooks are not built")
LESSONS = {lesson.name: lesson for lesson in lessons()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Notebooks by lesson and version, read from their files."""
    files = build(tmp_path_factory.mktemp("class"))
    return {(f.stem, f.parent.name): nbformat.read(f, as_version=4) for f in files if f.suffix == ".ipynb"}


def code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("version", ["student", "teacher"])
@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_installs_first_and_has_all_text_and_exercises(built, name, version):
    notebook, lesson = built[name, version], LESSONS[name]
    nbformat.validate(notebook)
    install, *rest = code(notebook)
    assert install.startswith("%pip install")
    for source in rest:
        compile(source, name, "exec")
    together = "\n".join(rest)
    assert "marimo" not in together
    assert "mo.stop" not in together
    for exercise in lesson.exercises:
        [cell] = [source for source in rest if f"def {exercise}(" in source]
        assert f"check.judge({exercise}, check_{exercise})" in cell
        assert ("raise NotImplementedError" in cell) is (version == "student")
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert prose.count("## ") == sum(line.strip().startswith("## ") for line in lesson.text.splitlines()) - 1  # checks


@pytest.mark.parametrize("name", ["tasks"])
def test_a_teachers_notebook_runs_in_a_kernel(built, name, tmp_path):
    """Every cell but the installation; each exercise is judged right, and the slider is there."""
    client = pytest.importorskip("nbclient", reason="no nbclient here: notebooks are not run")
    for package in ("ipykernel", "ipywidgets", "plotly"):
        pytest.importorskip(package, reason=f"no {package} here: notebooks are not run")
    notebook = built[name, "teacher"]
    del notebook.cells[0]
    done = client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if output.output_type in ("display_data", "execute_result")]
    verdicts = [data["text/markdown"] for data in shown if "**" in data.get("text/markdown", "")]
    assert len(verdicts) == len(find(name).exercises)
    assert all(verdict.startswith("✓") for verdict in verdicts)
    assert any("application/vnd.jupyter.widget-view+json" in data for data in shown)


def test_without_nbformat_build_says_what_is_missing(monkeypatch, tmp_path):
    import sys

    from plasticity.errors import InputError

    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(InputError, match="nbformat"):
        build(tmp_path, [find("tasks")])
    assert not list(tmp_path.rglob("*.ipynb"))
