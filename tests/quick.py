"""What every test would otherwise do again: compile the same templates, addresses and statements.

Each test builds an application of its own, so Jinja would compile each page, Werkzeug each rule and
SQLAlchemy each statement thousands of times in one run, more than all assertions together take. The
results depend on their source alone, which is the key here; nothing that a test could change is
shared: an engine that is used again has no open connection and no rows from before.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class Templates(BytecodeCache):
    """Compiled templates, by name, file and the checksum of their source."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self.codes[bucket.key, bucket.checksum] = bucket.code


def share_compiled() -> None:
    """Let all applications of this process share what depends on the sources alone."""
    share_templates()
    share_rules()
    share_engines()


def share_templates() -> None:
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}


def share_rules() -> None:
    compile_builder = Rule._compile_builder
    builders: dict[tuple[object, ...], Builder] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Builder:
        # The function finds the rule's converters through its first argument, the rule.
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]


def share_engines() -> None:
    """One engine for each address: it keeps the statements that it has compiled."""
    make_engine = SQLAlchemy._make_engine
    engines: dict[str, Engine] = {}

    def engine(
        owner: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask
    ) -> Engine:
        key = repr(sorted(options.items(), key=lambda item: item[0]))
        if key not in engines:
            engines[key] = make_engine(owner, bind_key, options, app)
        return engines[key]

    SQLAlchemy._make_engine = engine  # type: ignore[method-assign]
