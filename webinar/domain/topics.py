"""The subjects under which talks are found: names that organisers type, each kept once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webinar.domain.rows import find_or_add
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Talk, Topic
from webinar.text import clean, fold, sort_key

MOST = 12
LENGTH = 60


def read(text: str) -> list[str]:
    """The names in a line of names with commas between, each once.

    Raises `RuleError` on `topics` for too many, a name that is too long, and one without a letter.
    """
    found: dict[str, str] = {}
    for name in filter(None, map(clean, text.replace(";", ",").split(","))):
        if len(name) > LENGTH:
            raise RuleError("topic_too_long", field="topics", length=LENGTH)
        if not fold(name):
            raise RuleError("topic_without_letters", field="topics", topic=name)
        found.setdefault(fold(name), name)
    if len(found) > MOST:
        raise RuleError("topics_too_many", field="topics", limit=MOST)
    return list(found.values())


def written(talk: Talk) -> str:
    """The talk's topics as a form shows them."""
    return ", ".join(topic.name for topic in talk.topics)


def set_topics(talk: Talk, names: Sequence[str]) -> bool:
    """Give the talk these topics and no others; returns whether anything changed. A topic that no
    talk has any more stays and is not shown: another organiser may be about to use it."""
    before = [topic.name for topic in talk.topics]
    talk.topics = sorted(map(_topic, names), key=lambda topic: topic.sort_key)
    db.session.flush()
    return before != [topic.name for topic in talk.topics]


def _topic(name: str) -> Topic:
    """The topic of that name, spelled as it was typed last."""
    key = fold(name)
    topic = find_or_add(
        select(Topic).where(Topic.name_key == key),
        lambda: Topic(name=name, name_key=key, sort_key=sort_key(name)),
    )
    topic.name, topic.sort_key = name, sort_key(name)
    return topic
