"""Markdown as HTML and as plain text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.rendering.markdown import html, plain

HARMLESS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "ul",
}  # fmt: skip


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_html_renders_what_an_abstract_needs() -> None:
    found = html("Ein *Abend* mit **Fragen**.\n\n- eins\n- zwei\n\n3. drei\n\n> Satz\n")
    assert "<p>Ein <em>Abend</em> mit <strong>Fragen</strong>.</p>" in found
    assert "<ul>\n<li>eins</li>\n<li>zwei</li>\n</ul>" in found
    assert '<ol start="3">' in found
    assert "<blockquote>" in found


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# A\n## B\n# C", ["h3", "h4", "h3"]),
        ("## A\n### B\n## C", ["h3", "h4", "h3"]),
        ("### A\n# B", ["h3", "h3"]),
        ("# A\n### B\n## C", ["h3", "h4", "h4"]),
        ("# A\n## B\n### C\n#### D\n##### E\n###### F", ["h3", "h4", "h5", "h6", "h6", "h6"]),
        ("A\n===\nB\n---", ["h3", "h4"]),
    ],
)
def test_html_lowers_headings_without_skipping_a_level(text: str, levels: list[str]) -> None:
    assert [tag for tag, _ in Elements(html(text)).found] == levels


def test_html_headings_start_where_the_page_says() -> None:
    assert html("# A", top=2) == "<h2>A</h2>\n"


def test_html_links_do_not_hand_over_the_window() -> None:
    elements = Elements(html("[Seite](https://lra.example/a?b=1&c=2 'T') <a@lra.example>")).found
    links = [attributes for tag, attributes in elements if tag == "a"]
    assert links == [
        {"href": "https://lra.example/a?b=1&c=2", "title": "T", "rel": "noopener"},
        {"href": "mailto:a@lra.example", "rel": "noopener"},
    ]


@pytest.mark.hostile
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![Bild](https://boese.example/zaehler.gif)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
        '```"><script>alert(1)</script>\nx\n```',
        "<iframe src=//boese.example></iframe>",
        "<style>*{display:none}</style>",
        "<!-- --><svg/onload=alert(1)>",
        "> " * 5_000 + "x",
        "[" * 10_000,
        "*a" * 5_000,
    ],
)
def test_html_lets_nothing_active_through(text: str) -> None:
    for tag, attributes in Elements(html(text)).found:
        assert tag in HARMLESS
        assert set(attributes) <= {"href", "title", "rel", "start"}
        assert (attributes.get("href") or "https:").split(":")[0] in {"https", "mailto"}


@pytest.mark.property
@pytest.mark.hostile
@given(st.text() | st.text(alphabet="<>&\"'[](){}!#*_`~-+=|:/.\n\t ajs1"))
def test_html_of_any_text_is_harmless_and_plain_never_fails(text: str) -> None:
    found = Elements(html(text)).found
    assert {tag for tag, _ in found} <= HARMLESS
    assert {name for _, attributes in found for name in attributes} <= {
        "href",
        "title",
        "rel",
        "start",
    }
    assert plain(text) == plain(text).rstrip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ein *Abend* mit **Fragen**\nund `Code`.", "Ein Abend mit Fragen und Code."),
        ("# Titel\n\nText", "Titel\n\nText"),
        ("eins  \nzwei", "eins\nzwei"),
        ("- eins\n- zwei\n  weiter", "- eins\n- zwei weiter"),
        ("- eins\n\n- zwei", "- eins\n\n- zwei"),
        ("9. neun\n10. zehn\n    - innen", "9. neun\n10. zehn\n    - innen"),
        ("[Seite](https://lra.example/a)", "Seite (https://lra.example/a)"),
        ("<https://lra.example/a>", "https://lra.example/a"),
        ("<https://höchberg.example/ä>", "https://höchberg.example/ä"),
        ("[a@lra.example](mailto:a@lra.example)", "a@lra.example"),
        ("[Büro](mailto:a@lra.example)", "Büro (a@lra.example)"),
        ("[**Fett**](https://a.example)", "Fett (https://a.example)"),
        ("> Satz\n>\n> noch einer", "> Satz\n>\n> noch einer"),
        ("```\nx = 1\n\ny\n```", "    x = 1\n\n    y"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("M&auml;rz &amp; <b>April</b>", "März & <b>April</b>"),
        ("2 \\* 3", "2 * 3"),
        ("", ""),
    ],
)
def test_plain_reads_like_a_letter(text: str, expected: str) -> None:
    assert plain(text) == expected
