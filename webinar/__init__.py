"""The program with which a county office runs its evening talks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from webinar.config import ROOT, ConfigError, Environment, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

__version__ = "0.1.0"


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """Build the application from the environment; raises `ConfigError` where it may not start."""
    # Deferred: importing a table is cheap, importing the whole web is not, and who only wants the
    # version, the settings or the pages of one file should not pay for it.
    from flask import Flask  # noqa: PLC0415

    from webinar import extensions, web  # noqa: PLC0415

    settings = Settings.load(os.environ if environ is None else environ)
    _check_terms(settings)
    app = Flask("webinar", root_path=str(ROOT / "webinar"), template_folder=str(ROOT / "templates"))
    app.config.from_mapping(flask_settings(settings))
    app.extensions["settings"] = settings

    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "migrations"))
    web.register(app)
    return app


def _check_terms(settings: Settings) -> None:
    """A term for a kind of data that does not exist would keep nothing from going or staying."""
    from webinar.domain import retention  # noqa: PLC0415  as above

    unknown = retention.unknown_terms(settings.retention_terms)
    if unknown:
        raise ConfigError(
            [f"WEBINAR_RETENTION_{name.upper()}_DAYS names no kind of data" for name in unknown]
        )


def flask_settings(settings: Settings) -> dict[str, object]:
    """The settings in the words of Flask and its extensions."""
    from webinar import postgres  # noqa: PLC0415  as above

    secure = settings.base_url.startswith("https://")
    return {
        "DEBUG": settings.debug,
        "TESTING": settings.environment is Environment.TEST,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.accounts.previous_keys),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": postgres.engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": settings.upload_limit,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "SESSION_COOKIE_NAME": "__Host-webinar" if secure else "webinar",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PREFERRED_URL_SCHEME": "https" if secure else "http",
        "BABEL_DEFAULT_LOCALE": "de",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "webinar" / "translations"),
        "RATELIMIT_STORAGE_URI": settings.limits_storage,
        "RATELIMIT_HEADERS_ENABLED": False,
        "WTF_CSRF_TIME_LIMIT": None,
        # It would want a Referer, which our own policy and many offices' proxies take away. The
        # token is bound to a session whose cookie no other host can set (`__Host-`).
        "WTF_CSRF_SSL_STRICT": False,
        "SECURITY_PASSWORD_HASH": "argon2",
        # OWASP's profile: 19 MiB, two passes; the library's own default takes four times as long.
        "SECURITY_PASSWORD_HASH_OPTIONS": {
            "argon2__time_cost": 2,
            "argon2__memory_cost": 19456,
            "argon2__parallelism": 1,
        },
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_JOIN_USER_ROLES": False,  # the role is a column, not a table
    }


def settings_of(app: Flask) -> Settings:
    """The typed settings that the application was built from."""
    settings = app.extensions["settings"]
    assert isinstance(settings, Settings)  # noqa: S101  put there by create_app
    return settings
