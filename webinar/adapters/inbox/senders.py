"""Whether the receiving server vouches for the sender: its own Authentication-Results (RFC 8601).

Anybody can write such a header. Only the topmost one that bears the configured authserv-id counts:
the receiving server puts its own on top, and removes those that come in with its name (RFC 8601,
5). Proof is DMARC that passed for the domain of From, or DKIM that passed for that domain or one
above it; SPF alone proves an envelope that nobody sees.
"""

from __future__ import annotations

import re
from email.message import Message

from webinar.adapters.inbox.message import headers

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')
_RESULT = re.compile(r"^\s*([a-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(header\.(?:from|d|i))\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def proven(message: Message, *, sender: str, server: str) -> bool:
    """Whether the server named `server` vouches that `sender` (the bare address of From) wrote."""
    domain = sender.rpartition("@")[2].lower()
    if not (server and domain) or len(headers(message, "From")) != 1:
        return False
    for value in headers(message, "Authentication-Results"):
        results = _without_comments(value).split(";")
        words = results[0].split()
        if words and words[0].strip('"').lower() == server.lower():
            return any(_vouches(result, domain) for result in results[1:])
    return False


def _vouches(result: str, domain: str) -> bool:
    method = _RESULT.match(result)
    if method is None or method[2].lower() != "pass":
        return False
    found: dict[str, str] = {n.lower(): v.lower() for n, v in _PROPERTY.findall(result)}
    if method[1].lower() == "dmarc":
        return found.get("header.from", "").rpartition("@")[2] == domain
    if method[1].lower() != "dkim":
        return False
    signer = found.get("header.d") or found.get("header.i", "").rpartition("@")[2]
    # A name of one label ("de") signs for nobody.
    return "." in signer and (domain == signer or domain.endswith("." + signer))


def _without_comments(value: str) -> str:
    """Comments, nested too (RFC 5322 3.2.2), and quoted words can hold whatever the sender chose:
    of the latter only plain names stay."""
    value = _QUOTED.sub(lambda m: m[1] if re.fullmatch(r"[\w.@+-]*", m[1]) else "", value)
    for _depth in range(10):
        shorter = _COMMENT.sub(" ", value)
        if shorter == value:
            break
        value = shorter
    return value.split("(", 1)[0]
