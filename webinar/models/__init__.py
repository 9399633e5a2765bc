"""The tables: columns, constraints, relationships; no rules (those are in `webinar.domain`)."""

from webinar.models.accounts import Account, Role
from webinar.models.audit import AuditEntry
from webinar.models.contacts import (
    Audience,
    Contact,
    ContactForm,
    ContactImport,
    Organisation,
    OrganisationKind,
    Origin,
    audience_members,
)
from webinar.models.inbox import (
    CalendarReply,
    InboxKind,
    InboxMessage,
    InboxReading,
    InboxState,
    Outcome,
    Suggestion,
)
from webinar.models.jobs import Job, JobState
from webinar.models.links import Link, Purpose
from webinar.models.mail import (
    CalendarEntry,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
    Placeholder,
)
from webinar.models.materials import (
    Grant,
    Grantee,
    Material,
    MaterialKind,
    MaterialPage,
    Processing,
)
from webinar.models.participation import (
    ACTIVE,
    Answer,
    Deputy,
    Invitation,
    Mode,
    Registration,
    RegistrationState,
    SeriesAcceptance,
    Source,
)
from webinar.models.questions import Question, QuestionAnswer, QuestionKind
from webinar.models.reminders import Reminded, Reminder
from webinar.models.rooms import Attendance, AttendanceSource, Room
from webinar.models.talks import (
    Format,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
    Visibility,
)
from webinar.models.workers import WorkerBeat

__all__ = [
    "ACTIVE",
    "Account",
    "Answer",
    "Attendance",
    "AttendanceSource",
    "Audience",
    "AuditEntry",
    "CalendarEntry",
    "CalendarReply",
    "Contact",
    "ContactForm",
    "ContactImport",
    "Deputy",
    "Format",
    "Grant",
    "Grantee",
    "InboxKind",
    "InboxMessage",
    "InboxReading",
    "InboxState",
    "Invitation",
    "Job",
    "JobState",
    "Link",
    "Mail",
    "MailState",
    "Mailing",
    "MailingKind",
    "MailingState",
    "Material",
    "MaterialKind",
    "MaterialPage",
    "Mode",
    "Organisation",
    "OrganisationKind",
    "Origin",
    "Outcome",
    "Placeholder",
    "Processing",
    "Purpose",
    "Question",
    "QuestionAnswer",
    "QuestionKind",
    "Registration",
    "RegistrationState",
    "Reminded",
    "Reminder",
    "Role",
    "Room",
    "Series",
    "SeriesAcceptance",
    "Source",
    "Speaker",
    "Suggestion",
    "Talk",
    "TalkSpeaker",
    "TalkState",
    "Visibility",
    "WorkerBeat",
    "audience_members",
]
