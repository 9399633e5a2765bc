"""What a password has to be: long, and none that guessers try first.

No rule about kinds of characters and none about age: both make passwords worse (BSI IT-Grundschutz
ORP.4.A22 and A23, NIST SP 800-63B-4, 3.1.1.2). The words that guessers try ship with the program
(`data/common_words.txt`, of our own compiling); nothing is asked outside. Hashing is the web's and
the command line's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from webinar.errors import RuleError
from webinar.text import fold

LEAST = 12
MOST = 4096
"""Characters that the hash takes."""
VARIED = 5
"""Different characters that a password has at least."""
FEW = 3
"""Of so many common words a password is soon found; four in a row are a passphrase."""
SHORTEST_WORD = 3
_ROWS = [
    "abcdefghijklmnopqrstuvwxyz",
    "qwertzuiop",
    "qwertyuiop",
    "asdfghjkl",
    "yxcvbnm",
    "zxcvbnm",
]
_LOOK_ALIKE = str.maketrans("0134578@$!|", "oieastbasii")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LETTERS = re.compile(r"[^a-z]")


def check(password: str, *, own: Iterable[str] = ()) -> None:
    """Raise `RuleError` at the field `password` unless it will do; `own` are words that everybody
    links with the account, such as name, address and office."""
    if len(password) < LEAST:
        raise RuleError("password_short", field="password", length=LEAST)
    if len(password) > MOST:
        raise RuleError("password_long", field="password", length=MOST)
    if len(set(password.casefold())) < VARIED or guessable(password, own=own):
        raise RuleError("password_common", field="password")


def guessable(password: str, *, own: Iterable[str] = ()) -> bool:
    """Whether it is made of few common words, rows of keys, figures and signs alone."""
    words = _common() | {part for text in own for part in _parts(text)}
    plain = fold(password).replace(" ", "")
    readings = {_LETTERS.sub("", plain), _LETTERS.sub("", _alike(password))}
    return any(_made_of(letters, words) for letters in readings)


def _alike(password: str) -> str:
    """What "P@ssw0rt" looks like; figures and signs at the ends are a year or an exclamation."""
    inner = _ENDS.sub("", password.casefold())
    return fold(inner.translate(_LOOK_ALIKE)).replace(" ", "")


def _made_of(letters: str, words: set[str] | frozenset[str]) -> bool:
    """Whether the letters are at most `FEW` of the words in a row; no letters at all are none."""
    longest = max(map(len, words))
    ends = {0}
    for _word in range(FEW):
        ends |= {
            stop
            for start in ends
            for stop in range(start + 1, min(start + longest, len(letters)) + 1)
            if letters[start:stop] in words
        }
    return len(letters) in ends


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[^a-z]+", fold(text)) if len(part) >= SHORTEST_WORD]


@lru_cache
def _common() -> frozenset[str]:
    """Words, names, rows of keys and pieces of them."""
    path = Path(__file__).parent / "data" / "common_words.txt"
    words = {fold(line).replace(" ", "") for line in path.read_text("utf-8").split()}
    for row in _ROWS:
        for way in (row, row[::-1]):
            words |= {
                way[start:stop]
                for start in range(len(way))
                for stop in range(start + SHORTEST_WORD, len(way) + 1)
            }
    return frozenset(words)
