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
from webinar.models.legal import LegalPage, LegalText
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
from webinar.models.openings import Opening, OpeningKind
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
from webinar.models.planned_releases import PlannedRelease, PlanState
from webinar.models.questions import Question, QuestionAnswer, QuestionKind
from webinar.models.recordings import Aside, Recording, RecordingSource, RecordingState
from webinar.models.reminders import Reminded, Reminder
from webinar.models.retention import RetentionCount
from webinar.models.rooms import Admission, Attendance, AttendanceSource, Attendee, Room
from webinar.models.search import EntryKind, SearchEntry
from webinar.models.sign_ins import (
    AccountSession,
    Identity,
    Passkey,
    RecoveryCode,
    SignInMethod,
    Throttle,
)
from webinar.models.talks import (
    Format,
    Series,
    SeriesShare,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
    Topic,
    Visibility,
    talk_topics,
)
from webinar.models.uploads import Upload, UploadState
from webinar.models.workers import WorkerBeat

__all__ = [
    "ACTIVE",
    "Account",
    "AccountSession",
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
    "EntryKind",
    "Feedback",
    "Format",
    "Grant",
    "Grantee",
    "Identity",
    "InboxKind",
    "InboxMessage",
    "InboxReading",
    "InboxState",
    "Invitation",
    "Job",
    "JobState",
    "LegalPage",
    "LegalText",
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
    "Opening",
    "OpeningKind",
    "Organisation",
    "OrganisationKind",
    "Origin",
    "Outcome",
    "Passkey",
    "Placeholder",
    "PlanState",
    "PlannedRelease",
    "Processing",
    "Purpose",
    "Question",
    "QuestionAnswer",
    "QuestionKind",
    "Recording",
    "RecordingConsent",
    "RecordingSource",
    "RecordingState",
    "RecoveryCode",
    "Registration",
    "RegistrationState",
    "Reminded",
    "Reminder",
    "RetentionCount",
    "Role",
    "Room",
    "SearchEntry",
    "Series",
    "SeriesAcceptance",
    "SeriesShare",
    "SignInMethod",
    "Source",
    "Speaker",
    "SubtitleCue",
    "Suggestion",
    "Talk",
    "TalkSpeaker",
    "TalkState",
    "Throttle",
    "Topic",
    "Upload",
    "UploadState",
    "Visibility",
    "WorkerBeat",
    "audience_members",
    "talk_topics",
]
