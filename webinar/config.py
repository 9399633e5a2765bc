"""Every setting, typed, read from the environment once at start, and checked.

`Settings.load` collects all problems before it refuses, so that an operator mends them in one go.
In production nothing that protects people has a default. Names and meanings: docs/operators.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from webinar import config_accounts
from webinar.config_accounts import AccountSettings

E = TypeVar("E", bound=StrEnum)

MEBIBYTE = 1024 * 1024
SECRET_LENGTH = 32
PREFIX = "WEBINAR_"
ROOT = Path(__file__).resolve().parent.parent
LEGAL_FOLDER = ROOT / "templates" / "public" / "legal"
NO_REPLY = re.compile(r"^(?:no-?_?reply|do-?_?not-?_?reply|keine-?antwort)", re.IGNORECASE)
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
PLACEHOLDER = re.compile(r"\[\[(\w+)\]\]")
"""A gap in a legal text, such as `[[Anschrift]]`."""
TERM_GAPS: Mapping[str, str] = {
    "frist_abende": "evenings",
    "frist_nachrichten": "mails",
    "frist_wortlaut": "mail_bodies",
    "frist_vertretungen": "passers_by",
    "frist_abrufe": "openings",
    "frist_referenten": "speakers",
    "frist_unterlagen": "archive_access",
    "frist_protokoll": "audit",
}
"""Gaps that the terms of retention in force fill, with the kind of data whose term it is."""
TERM = re.compile(rf"{PREFIX}RETENTION_(\w+)_DAYS")
HOURS = re.compile(r"(\d{1,2})\s*-\s*(\d{1,2})")


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"


class JitsiMode(StrEnum):
    NONE = "none"
    """No host: a local page stands in. Never in production."""
    HS256 = "hs256"
    RS256 = "rs256"
    JAAS = "jaas"


class MailSecurity(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class InboxMode(StrEnum):
    NONE = "none"
    """Nothing that comes in is read: no invitation asks a calendar for an answer."""
    IMAP = "imap"
    FOLDER = "folder"


class StorageMode(StrEnum):
    FOLDER = "folder"
    S3 = "s3"


class ConfigError(Exception):
    """The settings do not allow a start; `problems` has one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Office:
    """The sender of everything: shown on every page and under every mail."""

    name: str
    unit: str
    address: str
    email: str
    phone: str


@dataclass(frozen=True)
class QuietHours:
    """Whole hours of the clock on the wall in Berlin; `begins` may be the later one: over night."""

    begins: int
    ends: int


@dataclass(frozen=True)
class MailSettings:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: MailSecurity
    sender: str
    timeout: int
    ca_file: str
    per_minute: int
    """0: as fast as the relay takes them."""
    quiet_hours: QuietHours | None
    bodies_days: int


@dataclass(frozen=True)
class JitsiSettings:
    mode: JitsiMode
    host: str
    app_id: str
    subject: str
    secret: str = field(repr=False)
    key_id: str
    previous_key: str = field(repr=False)
    """Public or private; published until the last token that it signed has ended."""
    previous_key_id: str
    audience: str
    embed: bool
    operator: str
    """Who runs the server, as people read it before they enter."""
    check_url: str
    """The technical check of the office's own; empty: the page that comes with the program."""
    dial_in: tuple[str, ...]
    """Telephone numbers of the rooms; empty: nobody comes in by telephone."""


@dataclass(frozen=True)
class CallbackSettings:
    """What Jitsi's own calls prove themselves with; empty: that way in is closed."""

    prosody_token: str = field(repr=False)
    """Bearer token of Prosody: reservations and attendance."""
    webhook_secret: str = field(repr=False)
    """Signs the webhooks of JaaS."""
    recording_secret: str = field(repr=False)
    """Signs what Jibri's script sends."""
    recording_limit: int
    recording_hosts: tuple[str, ...]
    """Where the links of JaaS may lead; a name that begins with a dot means all below it."""
    room_margin: int
    """How many more than the places a room takes: office, speakers, reconnects."""


@dataclass(frozen=True)
class InboxSettings:
    """Where answers and bounces come in. `server` is the authserv-id under which the receiving
    server writes its Authentication-Results; without it no sender is believed."""

    mode: InboxMode
    folder: Path
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: MailSecurity
    mailbox: str
    done: str
    aside: str
    timeout: int
    ca_file: str
    server: str
    text_days: int

    @property
    def read(self) -> bool:
        return self.mode is not InboxMode.NONE


@dataclass(frozen=True)
class StorageSettings:
    """Where files are kept. All but `mode` and `accel_path` speak of the bucket."""

    mode: StorageMode
    endpoint: str
    """Address of the service; empty: Amazon's own for the region."""
    region: str
    bucket: str
    prefix: str
    """In front of every name, with a slash at its end; empty: the bucket is ours alone."""
    key_id: str
    secret: str = field(repr=False)
    presign: bool
    """Browsers fetch downloads from the bucket, by an address that is good for a minute."""
    accel_path: str
    """The proxy's internal path of the folder, from which it sends files itself; empty: we do."""


@dataclass(frozen=True)
class Settings:
    """All settings. Lengths in bytes unless said otherwise, times in minutes or days as named."""

    environment: Environment
    debug: bool
    database_url: str
    secret_key: str = field(repr=False)
    accounts: AccountSettings
    link_keys: tuple[str, ...] = field(repr=False)
    """The first signs, all verify: put a new key in front, drop the last when no link of it may
    live any longer."""
    base_url: str
    brand: str
    """The name in the head of every page: the series' name, as people know it."""
    office: Office
    mail: MailSettings
    inbox: InboxSettings
    jitsi: JitsiSettings
    callbacks: CallbackSettings
    storage: StorageSettings
    storage_folder: Path
    """The files, or, with a bucket, what has to lie on this machine for a moment."""
    journal: Path
    """What was erased and revoked, to be done again after a restore; outside of every backup."""
    upload_limit: int
    """Of a file in a form, which cannot go on where it was cut off."""
    large_upload_limit: int
    """Of a file that comes in piece by piece."""
    storage_quota: int
    """Bytes that all materials may have together; 0: as many as there is room for."""
    clamav: str
    """The virus scanner: `unix:/run/clamav/clamd.ctl` or `host:port`; empty: none."""
    clamav_stream: int
    """Bytes that it takes at once."""
    legal_folder: Path
    """Holds imprint, privacy and accessibility as `<page>.<language>.md`."""
    legal: Mapping[str, str]
    """What fills the gaps of the legal texts, by the gap's name in lower case."""
    trusted_proxies: int
    limits_storage: str
    metrics_token: str = field(repr=False)
    """Opens `/metrics`; empty: there is none."""
    room_opens_minutes: int
    room_opens_staff_minutes: int
    room_overrun_minutes: int
    room_extension_minutes: int
    retention_days: int
    """The term that the privacy notice names; kinds of data without one of their own keep it."""
    retention_terms: Mapping[str, int]
    """Own terms in days, by the kind's name in lower case (`domain.retention.KINDS`)."""
    took_part_minutes: int
    """Who was there so long took part; 0: `took_part_percent` of the talk decides."""
    took_part_percent: int

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def mail_domain(self) -> str:
        return self.mail.sender.rpartition("@")[2]

    @property
    def legal_values(self) -> dict[str, str]:
        """Every known gap of the legal texts and what fills it; empty where nothing does."""
        known = {
            "behoerde": self.office.name,
            "anschrift": self.office.address,
            "telefon": self.office.phone,
            "email": self.office.email,
            "webadresse": self.base_url,
            "videodienst": self.jitsi.operator or self.jitsi.host,
            "speicherfrist": str(self.retention_days),
        }
        return known | {name: value for name, value in self.legal.items() if value}

    @property
    def legal_gaps(self) -> list[str]:
        """The names of the gaps that nothing fills, over all legal texts."""
        texts = sorted(self.legal_folder.glob("*.md"))
        names = {n for path in texts for n in PLACEHOLDER.findall(path.read_text("utf-8"))}
        filled = {name for name, value in self.legal_values.items() if value} | set(TERM_GAPS)
        return sorted(name for name in names if name.lower() not in filled)

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Read the `WEBINAR_*` variables; raises `ConfigError` with every problem found."""
        return _Reader(environ).settings()


class _Reader:
    """Reads variables and remembers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(PREFIX + name, default).strip()

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        raw = self.text(name)
        if not raw:
            return default
        if not raw.isdecimal() or int(raw) < least:
            self.refuse(name, f"must be a whole number of at least {least}, not '{raw}'")
            return default
        return int(raw)

    def flag(self, name: str, default: bool) -> bool:
        raw = self.text(name).lower()
        if raw in ("", "1", "true", "yes", "0", "false", "no"):
            return raw in ("1", "true", "yes") if raw else default
        self.refuse(name, f"must be true or false, not '{raw}'")
        return default

    def choice(self, name: str, kind: type[E], default: E) -> E:
        raw = self.text(name).lower()
        if not raw:
            return default
        if raw not in list(kind):
            self.refuse(name, f"must be one of {', '.join(kind)}, not '{raw}'")
            return default
        return kind(raw)

    def refuse(self, name: str, why: str) -> None:
        self.problems.append(f"{PREFIX}{name} {why}")

    def settings(self) -> Settings:
        files = Path(self.text("STORAGE_FOLDER", str(ROOT / "var" / "files")))
        environment = self.choice("ENV", Environment, Environment.PRODUCTION)
        settings = Settings(
            environment=environment,
            debug=self.flag("DEBUG", default=False),
            database_url=self.database_url(),
            secret_key=self.text("SECRET_KEY"),
            accounts=config_accounts.read(self),
            link_keys=tuple(k.strip() for k in self.text("LINK_KEYS").split(",") if k.strip()),
            base_url=self.text("BASE_URL").rstrip("/"),
            brand=self.text("BRAND", "After-Work-Wissen"),
            office=self.office(),
            mail=self.mail(),
            inbox=self.inbox(),
            jitsi=self.jitsi(),
            callbacks=self.callbacks(),
            storage_folder=files,
            journal=Path(self.text("JOURNAL") or files.parent / "journal.jsonl"),
            storage=self.storage(),
            upload_limit=self.number("UPLOAD_LIMIT_MB", 500, least=1) * 1024 * 1024,
            large_upload_limit=self.number("LARGE_UPLOAD_LIMIT_MB", 4096, least=1) * MEBIBYTE,
            storage_quota=self.number("STORAGE_QUOTA_MB", 0) * MEBIBYTE,
            clamav=self.text("CLAMAV"),
            clamav_stream=self.number("CLAMAV_STREAM_MB", 100, least=2) * MEBIBYTE,
            legal_folder=Path(self.text("LEGAL_FOLDER", str(LEGAL_FOLDER))),
            legal=self.legal(),
            trusted_proxies=self.number("TRUSTED_PROXIES", 0),
            limits_storage=self.text("LIMITS_STORAGE", "memory://"),
            metrics_token=self.text("METRICS_TOKEN"),
            room_opens_minutes=self.number("ROOM_OPENS_MINUTES", 15),
            room_opens_staff_minutes=self.number("ROOM_OPENS_STAFF_MINUTES", 30),
            room_overrun_minutes=self.number("ROOM_OVERRUN_MINUTES", 30),
            room_extension_minutes=self.number("ROOM_EXTENSION_MINUTES", 120),
            retention_days=self.number("RETENTION_DAYS", 365, least=1),
            retention_terms=self.retention_terms(),
            took_part_minutes=self.number("TOOK_PART_MINUTES", 0),
            took_part_percent=self.number("TOOK_PART_PERCENT", 50, least=1),
        )
        self.check(settings)
        if self.problems:
            raise ConfigError(self.problems)
        return settings

    def database_url(self) -> str:
        raw = self.text("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'webinar.db'}")
        if raw.startswith(("postgresql://", "postgres://")):
            # Without a driver in the address SQLAlchemy would look for psycopg 2.
            return "postgresql+psycopg://" + raw.partition("://")[2]
        return raw

    def office(self) -> Office:
        return Office(
            name=self.text("OFFICE_NAME"),
            unit=self.text("OFFICE_UNIT"),
            address=self.text("OFFICE_ADDRESS"),
            email=self.text("OFFICE_EMAIL"),
            phone=self.text("OFFICE_PHONE"),
        )

    def mail(self) -> MailSettings:
        security = self.choice("MAIL_SECURITY", MailSecurity, MailSecurity.STARTTLS)
        return MailSettings(
            host=self.text("MAIL_HOST", "127.0.0.1"),
            port=self.number("MAIL_PORT", 465 if security is MailSecurity.TLS else 587, least=1),
            user=self.text("MAIL_USER"),
            password=self.text("MAIL_PASSWORD"),
            security=security,
            sender=self.text("MAIL_SENDER") or self.text("OFFICE_EMAIL"),
            timeout=self.number("MAIL_TIMEOUT_SECONDS", 30, least=1),
            ca_file=self.text("MAIL_CA_FILE"),
            per_minute=self.number("MAIL_PER_MINUTE", 0),
            quiet_hours=self.quiet_hours(),
            bodies_days=self.number("MAIL_BODIES_DAYS", 90, least=1),
        )

    def quiet_hours(self) -> QuietHours | None:
        raw = self.text("MAIL_QUIET_HOURS")
        if not raw:
            return None
        found = HOURS.fullmatch(raw)
        begins, ends = (int(hour) for hour in found.groups()) if found is not None else (0, 0)
        if begins == ends or max(begins, ends) > 23:
            self.refuse("MAIL_QUIET_HOURS", f"must be two hours such as 22-6, not '{raw}'")
            return None
        return QuietHours(begins, ends)

    def inbox(self) -> InboxSettings:
        security = self.choice("INBOX_SECURITY", MailSecurity, MailSecurity.TLS)
        return InboxSettings(
            mode=self.choice("INBOX_MODE", InboxMode, InboxMode.NONE),
            folder=Path(self.text("INBOX_FOLDER")),
            host=self.text("INBOX_HOST"),
            port=self.number("INBOX_PORT", 993 if security is MailSecurity.TLS else 143, least=1),
            user=self.text("INBOX_USER"),
            password=self.text("INBOX_PASSWORD"),
            security=security,
            mailbox=self.text("INBOX_MAILBOX", "INBOX"),
            done=self.text("INBOX_DONE_MAILBOX"),
            aside=self.text("INBOX_ASIDE_MAILBOX"),
            timeout=self.number("INBOX_TIMEOUT_SECONDS", 30, least=1),
            ca_file=self.text("INBOX_CA_FILE"),
            server=self.text("INBOX_AUTHSERV_ID"),
            text_days=self.number("INBOX_TEXT_DAYS", 90, least=1),
        )

    def jitsi(self) -> JitsiSettings:
        return JitsiSettings(
            mode=self.choice("JITSI_MODE", JitsiMode, JitsiMode.NONE),
            host=self.text("JITSI_HOST"),
            app_id=self.text("JITSI_APP_ID"),
            subject=self.text("JITSI_SUBJECT") or self.text("JITSI_HOST"),
            secret=self.text("JITSI_SECRET").replace("\\n", "\n"),
            key_id=self.text("JITSI_KEY_ID"),
            audience=self.text("JITSI_AUDIENCE") or self.text("JITSI_APP_ID"),
            embed=self.flag("JITSI_EMBED", default=True),
            previous_key=self.text("JITSI_PREVIOUS_KEY").replace("\\n", "\n"),
            previous_key_id=self.text("JITSI_PREVIOUS_KEY_ID"),
            operator=self.text("JITSI_OPERATOR"),
            check_url=self.text("JITSI_CHECK_URL"),
            dial_in=tuple(n.strip() for n in self.text("JITSI_DIAL_IN").split(";") if n.strip()),
        )

    def callbacks(self) -> CallbackSettings:
        hosts = self.text("RECORDING_HOSTS", ".8x8.vc").lower().split(",")
        return CallbackSettings(
            prosody_token=self.text("JITSI_PROSODY_TOKEN"),
            webhook_secret=self.text("JITSI_WEBHOOK_SECRET"),
            recording_secret=self.text("RECORDING_SECRET"),
            recording_limit=self.number("RECORDING_LIMIT_MB", 4096, least=1) * 1024 * 1024,
            recording_hosts=tuple(host.strip() for host in hosts if host.strip()),
            room_margin=self.number("ROOM_MARGIN", 10),
        )

    def storage(self) -> StorageSettings:
        prefix = self.text("S3_PREFIX").strip("/")
        return StorageSettings(
            mode=self.choice("STORAGE", StorageMode, StorageMode.FOLDER),
            endpoint=self.text("S3_ENDPOINT").rstrip("/"),
            region=self.text("S3_REGION", "eu-central-1"),
            bucket=self.text("S3_BUCKET"),
            prefix=f"{prefix}/" if prefix else "",
            key_id=self.text("S3_KEY_ID"),
            secret=self.text("S3_SECRET"),
            presign=self.flag("S3_PRESIGN", default=False),
            accel_path=self.text("ACCEL_PATH"),
        )

    def legal(self) -> dict[str, str]:
        start = PREFIX + "LEGAL_"
        return {
            name[len(start) :].lower(): value.strip()
            for name, value in self.environ.items()
            if name.startswith(start) and name != PREFIX + "LEGAL_FOLDER"
        }

    def retention_terms(self) -> dict[str, int]:
        """`WEBINAR_RETENTION_<KIND>_DAYS`; which kinds there are is said by `domain.retention`."""
        found = (TERM.fullmatch(name) for name in self.environ)
        names = [match[1] for match in found if match is not None]
        return {
            name.lower(): self.number(f"RETENTION_{name}_DAYS", 0, least=1)
            for name in names
            if self.text(f"RETENTION_{name}_DAYS")
        }

    def check(self, settings: Settings) -> None:
        """The rules that hold everywhere, then those of production."""
        if not settings.secret_key:
            self.refuse("SECRET_KEY", "is missing: it signs the sessions of the staff")
        elif len(settings.secret_key.encode()) < SECRET_LENGTH:
            self.refuse("SECRET_KEY", f"must have at least {SECRET_LENGTH} bytes")
        if not settings.link_keys:
            self.refuse("LINK_KEYS", "is missing: it signs the personal links")
        elif any(len(key.encode()) < SECRET_LENGTH for key in settings.link_keys):
            self.refuse("LINK_KEYS", f"holds a key of fewer than {SECRET_LENGTH} bytes")
        if settings.metrics_token and len(settings.metrics_token.encode()) < SECRET_LENGTH:
            self.refuse("METRICS_TOKEN", f"must have at least {SECRET_LENGTH} bytes")
        if not settings.base_url.startswith(("http://", "https://")):
            self.refuse("BASE_URL", "must be the public address, such as https://talks.example.org")
        if "@" not in settings.mail.sender:
            self.refuse("MAIL_SENDER", "must be a mail address (or set WEBINAR_OFFICE_EMAIL)")
        if not settings.office.name:
            self.refuse("OFFICE_NAME", "is missing: it stands on every page and under every mail")
        config_accounts.check(self, settings.accounts, production=settings.production)
        self.check_inbox(settings)
        self.check_jitsi(settings)
        self.check_callbacks(settings)
        self.check_storage(settings)
        if settings.production:
            self.check_production(settings)

    def check_inbox(self, settings: Settings) -> None:
        inbox = settings.inbox
        if inbox.mode is InboxMode.FOLDER and not (
            self.text("INBOX_FOLDER") and inbox.folder.is_dir()
        ):
            self.refuse("INBOX_FOLDER", "must be a folder that exists, for mode folder")
        if inbox.mode is InboxMode.IMAP:
            for name in ("host", "user", "password"):
                if not getattr(inbox, name):
                    self.refuse(f"INBOX_{name.upper()}", "is missing for mode imap")
            if settings.production and inbox.security is MailSecurity.NONE:
                self.refuse("INBOX_SECURITY", "must be tls or starttls in production")
            if inbox.mailbox in (inbox.done, inbox.aside):
                self.refuse(
                    "INBOX_DONE_MAILBOX", "must be another mailbox than the one that is read"
                )
            if inbox.aside and not inbox.done:
                self.refuse("INBOX_ASIDE_MAILBOX", "needs WEBINAR_INBOX_DONE_MAILBOX beside it")
        if inbox.read and NO_REPLY.match(settings.mail.sender):
            self.refuse(
                "MAIL_SENDER", "must be an address that is read: answers are asked for there"
            )

    def check_jitsi(self, settings: Settings) -> None:
        jitsi = settings.jitsi
        if jitsi.check_url and not jitsi.check_url.startswith("https://"):
            self.refuse("JITSI_CHECK_URL", "must begin with https://")
        if bool(jitsi.previous_key) != bool(jitsi.previous_key_id):
            self.refuse("JITSI_PREVIOUS_KEY", "needs WEBINAR_JITSI_PREVIOUS_KEY_ID, and it this")
        if jitsi.mode is JitsiMode.NONE:
            return
        if jitsi.host and not HOST.fullmatch(jitsi.host):
            self.refuse("JITSI_HOST", "must be a name, perhaps with a port, without https://")
        for name in ("host", "app_id", "secret"):
            if not getattr(jitsi, name):
                self.refuse(f"JITSI_{name.upper()}", f"is missing for mode {jitsi.mode}")
        if jitsi.mode is JitsiMode.HS256 and 0 < len(jitsi.secret.encode()) < SECRET_LENGTH:
            self.refuse("JITSI_SECRET", f"must have at least {SECRET_LENGTH} bytes")
        if jitsi.mode in (JitsiMode.RS256, JitsiMode.JAAS):
            self.check_jitsi_keys(jitsi)

    def check_jitsi_keys(self, jitsi: JitsiSettings) -> None:
        """Ids here; whether the keys themselves can sign is tried by `web.room_entry.register`."""
        if not jitsi.key_id:
            self.refuse("JITSI_KEY_ID", f"is missing for mode {jitsi.mode}")
        elif jitsi.key_id == jitsi.previous_key_id:
            self.refuse("JITSI_PREVIOUS_KEY_ID", "must differ from WEBINAR_JITSI_KEY_ID")
        elif jitsi.mode is JitsiMode.JAAS and not jitsi.key_id.startswith(f"{jitsi.app_id}/"):
            self.refuse("JITSI_KEY_ID", "must begin with the AppID and a slash, for mode jaas")

    def check_callbacks(self, settings: Settings) -> None:
        given = settings.callbacks
        secrets = {
            "JITSI_PROSODY_TOKEN": given.prosody_token,
            "JITSI_WEBHOOK_SECRET": given.webhook_secret,
            "RECORDING_SECRET": given.recording_secret,
        }
        for name, secret in secrets.items():
            if 0 < len(secret.encode()) < SECRET_LENGTH:
                self.refuse(name, f"must have at least {SECRET_LENGTH} bytes")
        if settings.took_part_percent > 100:
            self.refuse("TOOK_PART_PERCENT", "must be at most 100")

    def check_storage(self, settings: Settings) -> None:
        found = settings.storage
        if found.accel_path and not re.fullmatch(r"/[A-Za-z0-9_.-]+/", found.accel_path):
            self.refuse("ACCEL_PATH", "must be one internal path of the proxy, such as /_files/")
        if settings.clamav and not re.fullmatch(r"unix:/.+|.+:[0-9]{1,5}", settings.clamav):
            self.refuse("CLAMAV", "must be unix:/path/of/the/socket or host:port")
        if found.mode is not StorageMode.S3:
            return
        for name in ("bucket", "key_id", "secret"):
            if not getattr(found, name):
                self.refuse(f"S3_{name.upper()}", "is missing for storage s3")
        if found.endpoint and not found.endpoint.startswith(("http://", "https://")):
            self.refuse("S3_ENDPOINT", "must be an address, such as https://s3.example.org")
        # On this machine nobody else hears it.
        local = found.endpoint.startswith(("http://127.0.0.1", "http://localhost"))
        if settings.production and found.endpoint.startswith("http://") and not local:
            self.refuse("S3_ENDPOINT", "must begin with https:// in production")

    def check_production(self, settings: Settings) -> None:
        if settings.debug:
            self.refuse("DEBUG", "must be off in production: it shows secrets to visitors")
        if settings.base_url.startswith("http://"):
            self.refuse("BASE_URL", "must begin with https:// in production")
        if not self.text("JITSI_MODE") or self.text("JITSI_MODE").lower() == JitsiMode.NONE:
            self.refuse("JITSI_MODE", "is missing: production needs a Jitsi host")
        if not self.text("DATABASE_URL"):
            self.refuse("DATABASE_URL", "is missing: say where the data live")
        if not self.text("MAIL_HOST"):
            self.refuse("MAIL_HOST", "is missing: say which relay takes the mail")
        for name in ("unit", "address", "email", "phone"):
            if not getattr(settings.office, name):
                self.refuse(f"OFFICE_{name.upper()}", "is missing: the imprint needs it")
        own = {"anschrift", "telefon", "email", "behoerde", "videodienst", "webadresse"}
        for gap in settings.legal_gaps:
            if gap.lower() not in own:
                self.refuse(
                    f"LEGAL_{gap.upper()}", f"is missing: it fills [[{gap}]] of a legal page"
                )
