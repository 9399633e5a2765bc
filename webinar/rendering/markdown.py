"""Markdown of abstracts, biographies and mails, as HTML and as plain text.

Raw HTML is shown as text, never passed on; what the parser makes goes through an allow-list all the
same, so that a fault of one of the two libraries is not enough. No pictures: a page asks no third
party for anything. Leaves wrapping of plain text to `webinar.rendering.mails` and placeholders to
those who fill them in before.
"""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "strong", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_LOWEST_HEADING = 6

_parser = MarkdownIt("commonmark", {"html": False}).disable("image")


def html(text: str, *, top: int = 3) -> Markup:
    """The text as safe HTML. Its highest heading becomes `top`, and no level is skipped."""
    tokens = _parser.parse(text)
    _lower_headings(tokens, top=top)
    made = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(  # noqa: S704 - the allow-list has just passed it
        nh3.clean(
            made, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener"
        )
    )


def plain(text: str) -> str:
    """The text for readers without HTML: paragraphs on one line each, a blank line between them.

    Links keep their address in brackets behind the words, list items their sign. The caller wraps.
    """
    return _blocks(SyntaxTreeNode(_parser.parse(text)).children)


def _lower_headings(tokens: list[Token], *, top: int) -> None:
    """Nest the headings by their rank among the open ones: an outline that starts with h4 or jumps
    from h1 to h3 would be one that screen readers cannot follow."""
    above: list[int] = []
    for token in tokens:
        if token.type not in {"heading_open", "heading_close"}:
            continue
        level = int(token.tag[1])
        if token.type == "heading_open":
            above = [*(rank for rank in above if rank < level), level]
        token.tag = f"h{min(top + len(above) - 1, _LOWEST_HEADING)}"


def _blocks(nodes: list[SyntaxTreeNode], *, between: str = "\n\n") -> str:
    return between.join(filter(None, map(_block, nodes)))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "blockquote":
            return _indented(_blocks(node.children), first="> ", others="> ")
        case "fence" | "code_block":
            return _indented(node.content.rstrip("\n"), first="    ", others="    ")
        case "hr":
            return "* * *"
        case "inline":
            return _inline(node.children)
    return _blocks(node.children)


def _list(node: SyntaxTreeNode) -> str:
    tight = all(child.hidden for item in node.children for child in item.children[:1])
    start = int(node.attrs.get("start", 1))
    items = []
    for number, item in enumerate(node.children, start=start):
        sign = "- " if node.type == "bullet_list" else f"{number}. "
        inside = _blocks(item.children, between="\n" if tight else "\n\n")
        items.append(_indented(inside, first=sign, others=" " * len(sign)))
    return ("\n" if tight else "\n\n").join(items)


def _indented(text: str, *, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        f"{first if number == 0 else others}{line}".rstrip() for number, line in enumerate(lines)
    )


def _inline(nodes: list[SyntaxTreeNode]) -> str:
    return "".join(map(_piece, nodes)).strip()


def _piece(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "link":
            return _link(node)
    return "".join(map(_piece, node.children))


def _link(node: SyntaxTreeNode) -> str:
    words = "".join(map(_piece, node.children))
    address = str(node.attrs.get("href", ""))
    shown = {address, address.removeprefix("mailto:"), address.removeprefix("tel:")}
    # Autolinks show the address as it was typed, before it was escaped.
    if not address or words in shown or node.info == "auto":
        return words
    return f"{words} ({address.removeprefix('mailto:')})" if words else address
