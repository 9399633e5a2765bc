"""Every error that the program can raise has a sentence for people, with its values."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from flask import Flask

from webinar.web.sentences import SENTENCES

ROOT = Path(__file__).parent.parent / "webinar"
ERRORS = {"RuleError", "NotAllowed", "NotThere", "Gone", "Conflict"}
VALUE = re.compile(r"%\((\w+)\)")


def raised() -> dict[str, set[str]]:
    """Code of each error raised anywhere, with the values that come with it."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ERRORS and node.args and isinstance(node.args[0], ast.Constant):
                values = {k.arg for k in node.keywords if k.arg and k.arg != "field"}
                found.setdefault(str(node.args[0].value), set()).update(values)
    return found


def test_every_error_has_a_sentence() -> None:
    assert sorted(set(raised()) - set(SENTENCES)) == []


def test_no_sentence_waits_for_an_error_that_is_never_raised() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    assert [code for code in SENTENCES if sources.count(f'"{code}"') < 2] == []


def test_sentences_use_only_values_that_come_with_the_error(app: Flask) -> None:
    codes = raised()
    with app.test_request_context():
        wrong = [
            code
            for code, text in SENTENCES.items()
            if code in codes and set(VALUE.findall(str(text))) - codes[code]
        ]
    assert wrong == []
