"""Pages: every block reaches both formats, and no text can break them."""

from html.parser import HTMLParser

import pytest
from jinja2 import DictLoader, UndefinedError

from analysis.pages.render import environment, numbered
from plasticity.pages.markdown import markdown

NASTY = 'a < b & "c" | <script> *d* [e](javascript:f) $x_{$'
BLOCKS = """
{% import format ~ ".j2" as page with context %}
{% call page.document(nasty) %}
{{ page.heading("Part " ~ nasty) }}
{% set text %}
{{ nasty }} and
more
{% endset %}
{{ page.paragraph(text) }}
{{ page.items(["one", nasty]) }}
{{ page.link("a link", "https://doi.org/10.1/x") }}
{{ page.table("caption", ["rule", "E"], [[nasty, "0.3"], ["b", "0.2"]]) }}
{{ page.picture("f.png", "caption", nasty) }}
{% endcall %}
"""


def rendered(form, template=BLOCKS):
    env = environment(form)
    env.loader = DictLoader(
        {**{name: env.loader.get_source(env, name)[0] for name in env.list_templates()}, "t": template}
    )
    return env.get_template("t").render(nasty=NASTY, pictures={"f.png": b"\x89PNG"})


class Collector(HTMLParser):
    """Tags and text of a page; fails on tags that do not close."""

    VOID = ("meta", "img")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_page_is_well_formed_and_escapes_its_text():
    page = Collector()
    page.feed(rendered("html"))
    page.close()
    assert page.open == []
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.text.count(NASTY) == 6  # title, h1, heading, paragraph, item, cell
    assert f"{NASTY} and more" in page.text
    image = dict(page.tags)["img"]
    assert image["alt"] == NASTY
    assert image["src"] == "data:image/png;base64,iVBORw=="


def test_markdown_table_keeps_its_columns():
    lines = rendered("markdown").splitlines()
    start = lines.index("| rule | E |")
    assert lines[start + 1] == "| --- | --- |"
    assert lines[start + 2].replace("\\|", "").count("|") == 3
    shown = markdown(NASTY)
    assert lines[start + 3] == "| b | 0.2 |"
    for line in (f"# {shown}", f"## Part {shown}", f"{shown} and more", f"- {shown}", f"![{shown}](f.png)"):
        assert line in lines


def test_a_variable_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError, match="tile"):
        rendered("html", "{{ tile }}")


def test_equal_labels_are_numbered():
    assert numbered(["a", "b", "a"]) == ["a #1", "b", "a #2"]
