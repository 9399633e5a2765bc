"""The tables: columns, constraints, relationships; no rules (those are in `webinar.domain`)."""

from webinar.models.accounts import Account, Role
from webinar.models.audit import AuditEntry
from webinar.models.consents import ConsentAnswer, RecordingConsent
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
from webinar.models.feedback import Feedback
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
    SubtitleCue,
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
from webinar.models.recordings import Aside, Recording, RecordingSource, RecordingState
from webinar.models.reminders import Reminded, Reminder
from webinar.models.rooms import Admission, Attendance, AttendanceSource, Attendee, Room
from webinar.models.talks import (
    Format,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
    Visibility,
)
from webinar.models.uploads import Upload, UploadState
from webinar.models.workers import WorkerBeat

__all__ = [
    "ACTIVE",
    "Account",
    "Admission",
    "Answer",
    "Aside",
    "Attendance",
    "AttendanceSource",
    "Attendee",
    "Audience",
    "AuditEntry",
    "CalendarEntry",
    "CalendarReply",
    "ConsentAnswer",
    "Contact",
    "ContactForm",
    "ContactImport",
    "Deputy",
    "Feedback",
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
    "Recording",
    "RecordingConsent",
    "RecordingSource",
    "RecordingState",
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
    "SubtitleCue",
    "Suggestion",
    "Talk",
    "TalkSpeaker",
    "TalkState",
    "Upload",
    "UploadState",
    "Visibility",
    "WorkerBeat",
    "audience_members",
]
