"""What every test would otherwise do again: compile the same templates and the same addresses.

Each test builds an application of its own, so Jinja would compile each page and Werkzeug each rule
thousands of times in one run, more than all assertions together take. Both results depend on their
source alone, which is the key here; nothing that a test could change is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
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
    """Let all applications of this process share what only depends on templates and rules."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    compile_builder = Rule._compile_builder
    builders: dict[tuple[object, ...], Builder] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Builder:
        # The function finds the rule's converters through its first argument, the rule.
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]
