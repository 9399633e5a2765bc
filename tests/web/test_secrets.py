"""Keys are changed without closing what they opened, and nothing that opens anything is stored."""

from __future__ import annotations

import dataclasses

from flask import Flask

from tests import factories
from tests.conftest import PASSWORD, signed_in
from tests.personal import everything
from tests.web import world
from webinar.models import Account
from webinar.web import tickets
from webinar.web.settings import settings

NEW = "the key that comes after the first one, long enough"


def test_new_key_of_the_sessions_signs_nobody_out_and_leaves_tickets_good(
    app: Flask, organiser: Account
) -> None:
    client = signed_in(app, organiser)
    talk = factories.talk()
    with app.test_request_context():
        ticket = tickets.draw(talk)
        older = settings().secret_key
        app.extensions["settings"] = dataclasses.replace(settings(), secret_key=NEW)
        app.config.update(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[older])
        assert tickets.read(talk, ticket)
        app.config["SECRET_KEY_FALLBACKS"] = None
        assert tickets.read(talk, ticket) == ""
        assert tickets.read(talk, tickets.draw(talk))
    assert client.get("/desk/").status_code == 302
    app.config["SECRET_KEY_FALLBACKS"] = [older]
    assert client.get("/desk/").status_code == 200


def test_new_key_of_the_links_opens_the_old_ones(app: Flask, organiser: Account) -> None:
    """Of every purpose, on its page; without the old key they open nothing."""
    whole = world.build(app, organiser)
    paths = [path for rule, path in whole.all_paths("GET") if "token" in rule.arguments]
    client, older = app.test_client(), settings().link_keys
    before = [client.get(path).status_code for path in paths]
    for known, expected in (((NEW, *older), before), ((NEW,), [404] * len(paths))):
        app.extensions["settings"] = dataclasses.replace(settings(), link_keys=known)
        assert [client.get(path).status_code for path in paths] == expected


def test_database_holds_nothing_that_opens_anything(app: Flask, organiser: Account) -> None:
    """No signature of a link, no password, no key. Mails that were written hold their links, until
    their term; none was written yet here."""
    whole = world.build(app, organiser)
    secrets = {token.partition(".")[2] for token in whole.tokens.values()}
    secrets |= {PASSWORD, settings().secret_key, *settings().link_keys}
    text = str(everything())
    assert len(secrets) > 8
    assert [one for one in secrets if one in text] == []
