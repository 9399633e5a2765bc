"""Web addresses that people type and that our pages then link to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from webinar.errors import RuleError

LENGTH = 2000


def checked_url(raw: str) -> str:
    """The address as it may stand in a page; raises `RuleError` on `url`.

    http and https alone, since `javascript:` and `data:` would run in the reader's page; no user
    name before the host, which makes one address look like another.
    """
    url = raw.strip()
    if len(url) > LENGTH or re.search(r"[\s\x00-\x1f\x7f<>\"\\]", url):
        raise RuleError("url_not_valid", field="url")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as problem:
        raise RuleError("url_not_valid", field="url") from problem
    if parts.scheme.lower() not in ("http", "https"):
        raise RuleError("url_scheme", field="url")
    if not host or "@" in parts.netloc or ("." not in host and host != "localhost"):
        raise RuleError("url_not_valid", field="url")
    return url
