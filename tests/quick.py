"""What every test would otherwise do again: build the same application, compile the same templates,
addresses and statements.

That would take longer than all assertions together. What is compiled depends on its source alone,
which is the key here. The application of the fixture `app` is built once for the same settings, and
whatever a test changed in it is put back before the next one gets it. An engine that is used again
has no rows from before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from types import CodeType
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule

from webinar import create_app
from webinar.config import Settings
from webinar.extensions import limiter

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


class Shared:
    """An application that can be put back into the state in which it was built."""

    FLAT = ("config", "extensions")
    """What these hold is not the application's own; only what stands in them is put back."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        assert app.jinja_env  # built at its first use, which is now
        self.attributes = dict(vars(app))
        self.contents = {name: self.copied(name) for name in self.attributes}

    def copied(self, name: str) -> Any:
        value = self.attributes[name]
        return copy(value) if name in self.FLAT else copied(value)

    def restore(self) -> None:
        """Attributes, settings, extensions, routes and the functions around requests."""
        vars(self.app).clear()
        vars(self.app).update(self.attributes)
        for name, before in self.contents.items():
            now = self.attributes[name]
            if isinstance(now, dict):
                now.clear()
                now.update(before if name in self.FLAT else copied(before))
            elif isinstance(now, list):
                now[:] = copied(before)


def copied(value: Any) -> Any:
    """Dictionaries and lists are new at every depth; whatever else they hold is the same."""
    if isinstance(value, dict):
        found = copy(value)  # of its own kind: Flask's registries make up what is missing
        found.update((name, copied(inner)) for name, inner in value.items())
        return found
    return [copied(inner) for inner in value] if isinstance(value, list) else value


OF_ONE_TEST = frozenset(
    {
        "WEBINAR_STORAGE_FOLDER",
        "WEBINAR_S3_PREFIX",
        "WEBINAR_MAIL_HOST",
        "WEBINAR_MAIL_PORT",
        "WEBINAR_INBOX_FOLDER",
    }
)
"""Settings that may differ from test to test: they are asked for only when they are needed."""
KEPT = 6
"""Applications: those of the usual settings on either database, and of a few unusual ones."""
_shared: dict[tuple[tuple[str, str], ...], Shared] = {}


def shared_app(environ: Mapping[str, str], *, prepare: Callable[[Flask], None]) -> Flask:
    """The application for these settings, as if just built and prepared."""
    key = tuple(sorted((name, value) for name, value in environ.items() if name not in OF_ONE_TEST))
    shared = _shared.pop(key, None)
    if shared is None:
        app = create_app(environ)
        prepare(app)
        shared = Shared(app)
    _shared[key] = shared  # the newest last
    if len(_shared) > KEPT:
        del _shared[next(iter(_shared))]
    shared.restore()
    shared.app.extensions["settings"] = Settings.load(environ)
    limiter.reset()
    return shared.app
