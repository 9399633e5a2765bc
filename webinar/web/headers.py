"""What every response carries: the content policy and its neighbours; and how a request reads.

A page that needs another host (the video room, a form that is redirected there) names it in
`g.policy`, for that one response; one that a page of ours shows in a frame says so in `g.frames`.
Nobody on the way keeps what is personal, what refuses, or what depends on the sign-in.
"""

from __future__ import annotations

from flask import Flask, Response, g, request, session
from werkzeug.middleware.proxy_fix import ProxyFix

from webinar.extensions import reading
from webinar.web.settings import settings

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self'",
    "img-src": "'self' data:",  # KERN's icons are data addresses in its stylesheet
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
PERMISSIONS = "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=()"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    found = app.extensions["settings"]
    if found.trusted_proxies:
        count = found.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    app.before_request(_begin_reading)
    app.teardown_request(_end_reading)
    app.after_request(_add_headers)


def _begin_reading() -> None:
    block = reading(only=request.method in SAFE)
    block.__enter__()
    g.reading = block


def _end_reading(_problem: BaseException | None) -> None:
    block = g.pop("reading", None)
    if block is not None:
        block.__exit__(None, None, None)


def _add_headers(response: Response) -> Response:
    policy = POLICY | g.get("policy", {})
    headers = response.headers
    headers["Content-Security-Policy"] = "; ".join(f"{k} {v}" for k, v in policy.items())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = g.get("frames", "DENY")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = g.get("permissions", PERMISSIONS)
    # An address that was refused may still hold a link: a method too many, a sign too few.
    hidden = g.get("personal") or response.status_code >= 400
    headers["Referrer-Policy"] = "no-referrer" if hidden else "same-origin"
    if hidden:
        headers["X-Robots-Tag"] = "noindex, nofollow"
    if hidden or session.accessed:
        headers.setdefault("Cache-Control", "no-store")
    if settings().base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return response
