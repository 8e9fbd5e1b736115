"""Configuration of the site: `make docs`. Pages of catalogues and of the API are written by `site_pages.py` first."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import site_pages  # noqa: E402

import steersman  # noqa: E402
from analysis.explorer.page import write as write_explorer  # noqa: E402

project = "steersman"
author = "the steersman authors"
copyright = "the steersman authors; BSD-3-Clause"
release = version = steersman.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "Thumbs.db", "paper"]
default_role = "code"

autodoc_typehints = "none"  # kinds and units stand in the docstrings
autodoc_class_signature = "separated"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

suppress_warnings = ["ref.python"]  # a word in backticks that several classes have as an attribute

html_theme = "pydata_sphinx_theme"
html_context = {"default_mode": "light"}
html_title = "steersman"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"index": []}


def setup(app: object) -> None:
    """Write the generated pages before anything is read, and the explorer beside the finished site."""
    app.connect("builder-inited", lambda app: site_pages.write(HERE / "_pages"))  # type: ignore[attr-defined]
    app.connect("build-finished", lambda app, error: error or write_explorer(Path(app.outdir, "explorer.html")))  # type: ignore[attr-defined]
