"""Documents: every block reaches both formats, and nothing in the text can break them."""

from html.parser import HTMLParser

from analysis.pages.document import (
    Document,
    Heading,
    Items,
    Link,
    Paragraph,
    Picture,
    Table,
    as_html,
    as_markdown,
)

NASTY = 'a < b & "c" | <script>'
DOCUMENT = Document(
    NASTY,
    (
        Heading("Part " + NASTY),
        Paragraph("Text " + NASTY),
        Items(("one", NASTY)),
        Link("a link", "https://doi.org/10.1/x"),
        Table("caption", ("rule", "E"), ((NASTY, "0.3"),)),
        Picture("f.png", b"\x89PNG", "caption", NASTY),
    ),
)


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
    page.feed(as_html(DOCUMENT))
    page.close()
    assert page.open == []
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.text.count(NASTY) == 6  # title, h1, heading, paragraph, item, cell
    image = dict(page.tags)["img"]
    assert image["alt"] == NASTY
    assert image["src"].startswith("data:image/png;base64,")


def test_markdown_table_keeps_its_columns():
    lines = as_markdown(DOCUMENT).splitlines()
    start = lines.index("| rule | E |")
    assert lines[start + 1] == "| --- | --- |"
    assert lines[start + 2].replace("\\|", "").count("|") == 3
    assert f"![{NASTY}](f.png)" in lines
