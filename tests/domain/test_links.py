"""Personal links: one per holder and purpose, signed, closed alike for whatever is not right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from webinar.clock import now
from webinar.domain import links
from webinar.errors import Gone, NotThere
from webinar.extensions import db
from webinar.models import Link, Purpose

pytestmark = pytest.mark.usefixtures("app")

KEYS = ("first key of at least thirty-two bytes", "older key of at least thirty-two bytes")
CONTACTS = sorted(set(Purpose) - {Purpose.SPEAKER})


def opens(token: str, purpose: Purpose, keys: tuple[str, ...] = KEYS) -> bool:
    try:
        links.open_link(token, purpose=purpose, keys=keys)
    except NotThere as problem:
        return problem.code != "link_not_valid"
    return True


def answer_link() -> Link:
    return links.contact_link(factories.contact(), purpose=Purpose.ANSWER, talk=factories.talk())


def test_link_opens_its_purpose_and_no_other() -> None:
    contact, talk = factories.contact(), factories.talk()
    for purpose in CONTACTS:
        link = links.contact_link(contact, purpose=purpose, talk=talk)
        token = links.token(link, keys=KEYS)
        assert {other for other in Purpose if opens(token, other)} == {purpose}


def test_same_row_gives_the_same_token() -> None:
    contact, talk = factories.contact(), factories.talk()
    first = links.contact_link(contact, purpose=Purpose.ENTER, talk=talk)
    assert links.contact_link(contact, purpose=Purpose.ENTER, talk=talk) is first
    assert links.token(first, keys=KEYS) == links.token(first, keys=KEYS)
    other = links.contact_link(contact, purpose=Purpose.ENTER, talk=factories.talk())
    assert other.public_id != first.public_id


def test_link_without_a_talk_is_found_again() -> None:
    contact = factories.contact()
    assert links.find_contact_link(contact, purpose=Purpose.UNSUBSCRIBE) is None
    link = links.contact_link(contact, purpose=Purpose.UNSUBSCRIBE)
    assert links.find_contact_link(contact, purpose=Purpose.UNSUBSCRIBE) is link


def test_speaker_link_opens_for_the_speaker() -> None:
    talk = factories.talk()
    speaker = factories.speaker(talk)
    link = links.speaker_link(speaker, talk=talk)
    assert links.speaker_link(speaker, talk=talk) is link
    opened = links.open_link(links.token(link, keys=KEYS), purpose=Purpose.SPEAKER, keys=KEYS)
    assert (opened.speaker, opened.talk) == (speaker, talk)


def test_token_names_no_row_number_and_no_address() -> None:
    contact = factories.contact(email="assistenz@gemeinde.example")
    link = links.contact_link(contact, purpose=Purpose.ANSWER, talk=factories.talk())
    token = links.token(link, keys=KEYS)
    assert "assistenz" not in token
    assert token.split(".")[0] == link.public_id
    assert len(link.public_id) == 16


@pytest.mark.hostile
def test_damaged_token_opens_nothing() -> None:
    token = links.token(answer_link(), keys=KEYS)
    name, signature = token.split(".")
    damaged = [
        "",
        name,
        f"{name}.",
        token[:-1],
        token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        f"{token}A",
        f"{token}.{token}",
        token.swapcase(),
        "ü" * 50,
        f"{name}.{'ü' * 43}",
        "a" * 100_000,
        f"{signature}.{name}",
        f"' OR 1=1 --.{signature}",
        f"{name}\x00.{signature}",
    ]
    assert [text for text in damaged if opens(text, Purpose.ANSWER)] == []
    assert opens(token, Purpose.ANSWER)


def test_signature_of_one_link_opens_no_other() -> None:
    mine, other = answer_link(), answer_link()
    signature = links.token(mine, keys=KEYS).split(".")[1]
    assert not opens(f"{other.public_id}.{signature}", Purpose.ANSWER)


def test_database_alone_opens_nothing() -> None:
    token = links.token(answer_link(), keys=("another key of more than thirty-two bytes",))
    assert not opens(token, Purpose.ANSWER)


def test_older_key_still_verifies_and_the_first_signs() -> None:
    link = answer_link()
    assert opens(links.token(link, keys=KEYS[1:]), Purpose.ANSWER)
    assert links.token(link, keys=KEYS) == links.token(link, keys=KEYS[:1])
    assert not opens(links.token(link, keys=KEYS[1:]), Purpose.ANSWER, KEYS[:1])


def test_reissue_closes_what_was_sent_and_opens_anew() -> None:
    link = answer_link()
    sent = links.token(link, keys=KEYS)
    links.reissue(link)
    db.session.flush()
    assert not opens(sent, Purpose.ANSWER)
    assert opens(links.token(link, keys=KEYS), Purpose.ANSWER)


def subscribed(token: str) -> str:
    """How a program that asks again and again is answered."""
    try:
        links.open_subscription(token, purpose=Purpose.FEED, keys=KEYS)
    except Gone:
        return "gone"
    except NotThere:
        return "unknown"
    return "open"


def test_subscription_that_opened_once_is_gone_and_any_other_unknown() -> None:
    link = links.contact_link(factories.contact(), purpose=Purpose.FEED)
    sent = []
    for _ in range(links.REMEMBERED + 2):
        sent.append(links.token(link, keys=KEYS))
        assert subscribed(sent[-1]) == "open"
        links.reissue(link)
        db.session.flush()
    assert {subscribed(token) for token in sent[2:]} == {"gone"}
    assert {subscribed(token) for token in sent[:2]} == {"unknown"}
    current = links.token(link, keys=KEYS)
    assert subscribed(current) == "open"
    forged = current[:-2] + ("AA" if current[-2:] != "AA" else "BB")
    strange = links.token(link, keys=("another key of more than thirty-two bytes",))
    for token in (forged, strange, link.public_id, "", "\x00", "ü" * 40, "a" * 16 + current[16:]):
        assert subscribed(token) == "unknown"
    links.revoke(link)
    db.session.flush()
    assert subscribed(current) == "gone"
    assert subscribed(forged) == "unknown"


def test_subscription_of_an_erased_contact_is_gone() -> None:
    link = links.contact_link(factories.contact(), purpose=Purpose.FEED)
    assert link.contact is not None
    link.contact.erased_at = now()
    db.session.flush()
    assert subscribed(links.token(link, keys=KEYS)) == "gone"


def test_revoked_link_opens_nothing() -> None:
    link = answer_link()
    links.revoke(link)
    db.session.flush()
    assert not opens(links.token(link, keys=KEYS), Purpose.ANSWER)


def test_link_of_an_erased_contact_opens_nothing() -> None:
    link = answer_link()
    assert link.contact is not None
    link.contact.erased_at = now() - timedelta(days=1)
    db.session.flush()
    assert not opens(links.token(link, keys=KEYS), Purpose.ANSWER)


def test_address_has_one_short_path_per_purpose() -> None:
    link = answer_link()
    address = links.address(link, base_url="https://talks.example.org", keys=KEYS)
    assert address.startswith(f"https://talks.example.org/e/{link.public_id}.")
    assert len(set(links.PATHS.values())) == len(Purpose)
