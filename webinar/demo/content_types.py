"""The shapes of the invented content; the fields are named like the columns that take them.

Only the words live here and in `content_talks`; `content` sets them on the calendar.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webinar import clock


@dataclass(frozen=True, kw_only=True)
class DemoSpeaker:
    """A person who does not exist. `form` is "Frau" or "Herr", empty if unknown."""

    form: str
    title: str = ""
    first_name: str
    last_name: str
    role: str
    organisation: str
    email: str
    biography: str

    @property
    def name(self) -> str:
        """Title, first and last name as they are read."""
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part)

    @property
    def photo_alt(self) -> str:
        """The alternative text of the drawn head that stands in for a photograph."""
        return f"Platzhalter für das Foto von {self.name}"


@dataclass(frozen=True, kw_only=True)
class DemoMaterial:
    """What a past evening left behind. `kind` is a `MaterialKind`.

    Either `file_name`, a file in `webinar/demo/files`, or `url`. `public`: granted to everyone,
    else to those who were invited or registered.
    """

    kind: str
    title: str
    file_name: str = ""
    url: str = ""
    public: bool = False
    subtitles: str = ""
    """Of a recording: a WebVTT file beside it."""
    chapters: tuple[tuple[int, str], ...] = ()
    """Of a recording: second and title."""
    page_times: tuple[int, ...] = ()
    """Of slides: the second at which each page appears in the recording; -1 for none."""


@dataclass(frozen=True, kw_only=True)
class DemoTalk:
    """The words of one evening, without a date. `format` is `online`, `on_site` or `hybrid`."""

    slug: str
    title: str
    abstract: str
    format: str
    visibility: str
    speakers: tuple[DemoSpeaker, ...]
    agenda: tuple[tuple[str, str], ...]
    topics: str
    """As an organiser types them, with commas between."""
    places_online: int | None = None
    places_hall: int | None = None
    venue: str = ""
    venue_address: str = ""
    venue_notes: str = ""
    recorded: bool = False
    closes_days_before: int = 1
    materials: tuple[DemoMaterial, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DatedTalk:
    """One evening on its day. Times are the clocks' in Berlin, the moments are aware."""

    talk: DemoTalk
    day: date
    past: bool
    start: time = time(18, 0)
    end: time = time(19, 30)
    closes: time = time(12, 0)

    @property
    def starts_at(self) -> datetime:
        """The start, aware, in Berlin."""
        return datetime.combine(self.day, self.start, clock.BERLIN)

    @property
    def ends_at(self) -> datetime:
        """The end, aware, in Berlin."""
        return datetime.combine(self.day, self.end, clock.BERLIN)

    @property
    def registration_closes_at(self) -> datetime:
        """Noon, as many days before as the talk says; aware, in Berlin."""
        day = self.day - timedelta(days=self.talk.closes_days_before)
        return datetime.combine(day, self.closes, clock.BERLIN)


@dataclass(frozen=True, kw_only=True)
class DemoSeries:
    """The series; `host` and `signature` are what its invitations say."""

    slug: str
    name: str
    description: str
    host: str
    signature: str
    contact_person: str
    contact_phone: str
