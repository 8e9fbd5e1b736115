"""Text in Markdown, read back by an independent parser of CommonMark with tables and math."""

import pytest

from plasticity.pages.markdown import markdown

NASTY = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](y.png)",
    "[x]: https://a.b",
    "a | b",
    "*bold* **bold** __bold__ _it_ ~~gone~~",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "# heading",
    "> quote",
    "---",
    "===",
    "`code",
    "``` fence",
    "&lt;b&gt; &#60;",
    "\\*a\\*",
    "$x_{$ and $y$",
    "[ ] task",
    "two\nlines\n\nand # a third",
    "<https://a.b> <a@b.c>",
    "    indented",
]


@pytest.fixture
def parser():
    package = pytest.importorskip("markdown_it", reason="needs markdown-it-py, of the extra [test]")
    return package.MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize("text", NASTY)
def test_a_parser_sees_one_paragraph_with_the_text_itself(text, parser):
    tokens = parser.parse(markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {part.type for part in tokens[1].children} <= {"text", "text_special"}
    assert "".join(part.content for part in tokens[1].children) == " ".join(text.split())


@pytest.mark.parametrize("text", NASTY)
def test_a_cell_of_a_table_stays_one_cell(text, parser):
    tokens = parser.parse(f"| a | b |\n| --- | --- |\n| {markdown(text)} | end |\n")
    cells = [token.content for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert cells[-1] == "end"
    assert not {"html_inline", "link_open", "image", "code_inline"} & {
        part.type for token in tokens for part in token.children or ()
    }


def test_names_in_backticks_stay_code_and_words_stay_as_they_are():
    for text in ("pair_stdp beats `triplet_stdp` (E[y²] = 2) at 10 Hz, −3.1 % & more", "a `plan` over `solve(x=1)`"):
        assert markdown(text) == text
