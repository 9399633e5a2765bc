"""Both languages are complete: German has a text for every message, English is the source."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
GERMAN = ROOT / "webinar" / "translations" / "de" / "LC_MESSAGES" / "messages.po"
GENDER_SIGN = re.compile(r"[a-zäöüß][*:_·](?:in|innen|r|n)\b")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The messages that the sources hold now."""
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract"]
    command += ["-F", "babel.cfg", "-k", "_l", "-k", "lazy_gettext", "-o", str(target), "."]
    subprocess.run(command, cwd=ROOT, check=True)
    with target.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def german() -> Catalog:
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de")


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def key(message: Message) -> tuple[str | None, str]:
    return (message.context, message.id if isinstance(message.id, str) else message.id[0])


def test_german_translates_every_message(extracted: Catalog, german: Catalog) -> None:
    done = {key(m) for m in german if m.id and all(texts(m)) and not m.fuzzy}
    assert [key(m) for m in extracted if m.id and key(m) not in done] == []


def test_german_holds_nothing_that_is_not_used(extracted: Catalog, german: Catalog) -> None:
    used = {key(m) for m in extracted if m.id}
    assert [key(m) for m in german if m.id and key(m) not in used] == []
    assert german.obsolete == {}


def test_placeholders_are_the_same_in_both_languages(german: Catalog) -> None:
    wrong = [key(message) for message in german if message.id and list(message.check(german))]
    assert wrong == []


def test_german_has_no_gender_signs_and_no_exclamation_marks(german: Catalog) -> None:
    wrong = [t for m in german if m.id for t in texts(m) if GENDER_SIGN.search(t) or "!" in t]
    assert wrong == []


def test_english_messages_are_english(extracted: Catalog) -> None:
    """Umlauts give a German sentence away that slipped into the sources as a message."""
    assert [key(m) for m in extracted if m.id and re.search("[äöüÄÖÜß]", key(m)[1])] == []
