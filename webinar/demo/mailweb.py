"""The web view of the local mailbox: a list, one page per message, its parts, JSON for tests.

HTTP only; the messages come from `mailstore`, their parts from `mailview`. German alone, since it
is a tool for trying the application out and not a page of the application.
"""

from datetime import datetime
from io import BytesIO
from pathlib import Path

from babel.dates import format_datetime
from flask import Flask, Response, abort, jsonify, render_template, request, send_file
from flask import send_from_directory as send_from

from webinar import clock
from webinar.demo.mailstore import MailStore
from webinar.demo.mailview import MailView, read_mail, with_outward_links

PAGE_SIZE = 100
_HERE = Path(__file__).parent
_SHOWN_SOURCE = 100_000  # characters of source on the page; the download has all of it

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A message is written by anybody: no scripts, nothing from elsewhere, no origin of its own. Links
# may leave, in a new tab that is free of the sandbox.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def create_mailbox_app(store: MailStore) -> Flask:
    """The web application over one folder of messages; answers to names of this machine only."""
    app = Flask(
        "webinar.demo.mailbox",
        template_folder=str(_HERE / "templates"),
        static_folder=str(_HERE.parent / "static"),
    )
    # Another site must not read the mailbox by pointing a name of its own at 127.0.0.1.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.jinja_env.filters["moment"] = _moment
    app.after_request(_headers)
    app.register_error_handler(404, _not_found)
    _add_pages(app, store)
    _add_parts(app, store)
    return app


def _add_pages(app: Flask, store: MailStore) -> None:
    @app.get("/")
    def index() -> str:
        term = request.args.get("an", "")
        rows = store.summaries(recipient=term)
        page = max(1, request.args.get("seite", 1, type=int))
        start = (page - 1) * PAGE_SIZE
        return render_template(
            "mailbox_list.html",
            rows=rows[start : start + PAGE_SIZE],
            term=term,
            total=len(rows),
            page=page,
            pages=max(1, -(-len(rows) // PAGE_SIZE)),
        )

    @app.get("/messages/<key>")
    def message(key: str) -> str:
        raw, view = _load(store, key)
        source = raw.decode("utf-8", "replace")
        return render_template(
            "mailbox_message.html",
            key=key,
            mail=view,
            envelope=store.envelope(key),
            source=source[:_SHOWN_SOURCE],
            shortened=len(source) > _SHOWN_SOURCE,
        )

    @app.get("/messages.json")
    def messages() -> Response:
        rows = store.summaries(recipient=request.args.get("to", ""))
        return jsonify(
            [
                {
                    "id": row.id,
                    "to": ", ".join(row.addresses),
                    "subject": row.subject,
                    "date": row.arrived.isoformat(),
                }
                for row in rows
            ]
        )


def _add_parts(app: Flask, store: MailStore) -> None:
    @app.get("/messages/<key>.eml")
    def source(key: str) -> Response:
        raw, _ = _load(store, key)
        return _download(raw, "message/rfc822", f"{key}.eml")

    @app.get("/messages/<key>/html")
    def html(key: str) -> Response:
        _, view = _load(store, key)
        if view.html is None:
            abort(404)
        answer = Response(with_outward_links(view.html), mimetype="text/html")
        answer.headers["Content-Security-Policy"] = _MAIL_POLICY
        return answer

    @app.get("/messages/<key>/attachments/<int:number>")
    def attachment(key: str, number: int) -> Response:
        _, view = _load(store, key)
        if not 1 <= number <= len(view.attachments):
            abort(404)
        part = view.attachments[number - 1]
        return _download(part.content, part.media_type, part.name)

    @app.get("/mailbox.css")
    def sheet() -> Response:
        return send_from(_HERE / "templates", "mailbox.css")


def _load(store: MailStore, key: str) -> tuple[bytes, MailView]:
    raw = store.raw(key)
    if raw is None:
        abort(404)
    return raw, read_mail(raw)


def _download(content: bytes, media_type: str, name: str) -> Response:
    return send_file(
        BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name, max_age=0
    )


def _headers(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-DNS-Prefetch-Control"] = "off"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _not_found(_error: Exception) -> tuple[str, int]:
    return render_template("mailbox_missing.html"), 404


def _moment(moment: datetime, pattern: str = "EEEE, d. MMMM y, H:mm:ss") -> str:
    text = format_datetime(clock.berlin(moment), pattern, tzinfo=clock.BERLIN, locale="de")
    return text.replace(". ", ".\N{NO-BREAK SPACE}", 1)
