"""Words as values: cleaning, keys for sorting and searching, mail addresses in one spelling.

Pure functions that every layer may call, beside `webinar.clock`. Leaves names and salutations to
`webinar.rendering.salutations` and the spelling of addresses on the wire to
`webinar.adapters.addresses`.
"""

import hashlib
import re
import unicodedata

import idna

from webinar.errors import RuleError

MAX_ADDRESS = 254
MAX_LOCAL = 64

# Control, format (zero width, direction) and surrogate characters: nobody types them, they come
# along when text is copied, and a lone surrogate cannot be stored.
_UNSEEN = {"Cc", "Cf", "Cs"}
# Letters that decompose into no base letter and accent.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_WORD_BREAK = re.compile(r"[^\w@]|_")
_APOSTROPHE = re.compile(r"['’‘ʼ`´]")
# Written-out umlauts. After another vowel or a q the e belongs to the word: Bauer, Neuenkirchen.
_WRITTEN_OUT = re.compile(r"(?<![aeiouyq])([aou])e+")

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def clean(text: str) -> str:
    """One line as people mean it: NFC, single spaces, nothing at the ends, nothing unseen.

    Line breaks and tabs become spaces. The joiners of some scripts and of emoji go too.
    """
    spaced = " ".join(text.split())
    if spaced.isprintable():  # then nothing of it is unseen, and looking at each sign is slow
        if spaced.isascii():
            return spaced
        return unicodedata.normalize("NFC", spaced)
    seen = "".join(char for char in spaced if unicodedata.category(char) not in _UNSEEN)
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def fingerprint(text: str) -> str:
    """16 characters by which a text is told from another without keeping it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def masked(address: str) -> str:
    """The address with enough of it to be recognised by its owner and too little to be learnt by
    anybody else: "bu…n@gemeinde.example"."""
    local, _at, domain = address.partition("@")
    shown = f"{local[:2]}…{local[-1]}" if len(local) > 4 else f"{local[:1]}…"
    return f"{shown}@{domain}"


def sort_key(*parts: str) -> str:
    """A key to store and sort by, after DIN 5007-1: ä as a, ß as ss, case ignored.

    Several parts sort one after the other: `sort_key(last_name, first_name)` puts every Müller
    before Müller-Lang. Within a part, hyphens and spaces are the same sign and prefixes count as
    written: von der Tann stands under V. Expects a byte-wise order (SQLite's own, collation "C" in
    PostgreSQL: others skip the signs between words). Equal keys are left to a second column.
    """
    return " ".join("-".join(_words(part)) for part in parts)


def fold(text: str) -> str:
    """The text as searching compares it; empty when it holds neither letter nor figure.

    A stored column holds the folded text, a query is folded the same way and looked for in it:
    Müller, Mueller and Muller are one; case, accents, hyphens and dots do not count. `@` stays,
    LIKE's `%` and `_` do not. Folding twice changes nothing. The price: an umlaut written out must
    not be cut in two, so searching for the middle of a word from its e on can miss.
    """
    return _WRITTEN_OUT.sub(r"\1", " ".join(_words(text)))


def normalise_address(raw: str, *, field: str = "email") -> str:
    """The canonical form of a mail address: lower case, the domain as A-labels (RFC 5890, UTS 46).

    Lower case also before the @: servers may tell case apart there (RFC 5321 2.4), none that an
    office uses does, and one person must not become two. Raises `RuleError` on `field`:
    `address_missing`, `address_several`, `address_with_blank`, `address_without_at`,
    `address_too_long` (RFC 5321 4.5.3.1), `address_not_ascii` and `address_local_part` (before
    the @; RFC 5322 3.4.1 without quoted strings), `address_domain`.
    """
    address = clean(raw).lower()
    _refuse_shape(address, field=field)
    local, _, domain = address.partition("@")
    if not local.isascii():
        raise RuleError("address_not_ascii", field=field, address=address)
    if not _LOCAL.fullmatch(local):
        raise RuleError("address_local_part", field=field, address=address)
    found = f"{local}@{_domain(domain, address=address, field=field)}"
    if len(found) > MAX_ADDRESS or len(local) > MAX_LOCAL:
        raise RuleError("address_too_long", field=field, limit=MAX_ADDRESS)
    return found


def _words(text: str) -> list[str]:
    """The words in small base letters, without accents."""
    plain = _base_letters(_base_letters(text).casefold().translate(_LETTERS))
    return _WORD_BREAK.sub(" ", _APOSTROPHE.sub("", plain)).split()


def _base_letters(text: str) -> str:
    taken_apart = unicodedata.normalize("NFD", text)
    return "".join(char for char in taken_apart if not unicodedata.combining(char))


def _refuse_shape(address: str, *, field: str) -> None:
    if not address:
        raise RuleError("address_missing", field=field)
    if len(address) > 2 * MAX_ADDRESS:
        raise RuleError("address_too_long", field=field, limit=MAX_ADDRESS)
    if address.count("@") > 1 or re.search(r"[;,]", address):
        raise RuleError("address_several", field=field, address=address)
    if " " in address:
        raise RuleError("address_with_blank", field=field, address=address)
    if "@" not in address:
        raise RuleError("address_without_at", field=field, address=address)


def _domain(domain: str, *, address: str, field: str) -> str:
    """The domain in A-labels; at least two labels, the last with a letter (RFC 3696 2)."""
    try:
        found = idna.encode(domain, uts46=True).decode("ascii") if _foreign(domain) else domain
    except UnicodeError as problem:
        raise RuleError("address_domain", field=field, address=address) from problem
    labels = found.split(".")
    sound = len(labels) > 1 and len(found) <= 253 and all(map(_LABEL.fullmatch, labels))
    if not sound or labels[-1].isdigit():
        raise RuleError("address_domain", field=field, address=address)
    return found


def _foreign(domain: str) -> bool:
    # A-labels are decoded and checked too: "xn--" before nonsense names no host.
    return not domain.isascii() or domain.startswith("xn--") or ".xn--" in domain
