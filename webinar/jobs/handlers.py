"""What each kind of job does, by its name; and what is asked for again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from webinar.jobs.accounts import forget_sign_ins, send_reset
from webinar.jobs.cleanup import cleanup
from webinar.jobs.films import cut_recording
from webinar.jobs.inbox import read_inbox
from webinar.jobs.journal import journal_erasure, journal_links
from webinar.jobs.mailings import expand_mailing
from webinar.jobs.materials import delete_expired_materials, delete_files, process_material
from webinar.jobs.queue import Handler
from webinar.jobs.recordings import fetch_recording, forget_recordings, take_recording
from webinar.jobs.releases import release_planned, warn_of_deletion
from webinar.jobs.reminders import ask_for_reminders, remind
from webinar.jobs.retention import retain
from webinar.jobs.uploads import forget_bytes, forget_uploads, take_upload

HANDLERS: Mapping[str, Handler] = {
    "ask_for_reminders": ask_for_reminders,
    "cleanup": cleanup,
    "cut_recording": cut_recording,
    "delete_expired_materials": delete_expired_materials,
    "delete_files": delete_files,
    "expand_mailing": expand_mailing,
    "fetch_recording": fetch_recording,
    "forget_bytes": forget_bytes,
    "forget_recordings": forget_recordings,
    "forget_sign_ins": forget_sign_ins,
    "forget_uploads": forget_uploads,
    "journal_erasure": journal_erasure,
    "journal_links": journal_links,
    "process_material": process_material,
    "read_inbox": read_inbox,
    "release_planned": release_planned,
    "remind": remind,
    "retain": retain,
    "send_reset": send_reset,
    "take_recording": take_recording,
    "take_upload": take_upload,
    "warn_of_deletion": warn_of_deletion,
}
PERIODIC: Mapping[str, timedelta] = {
    "ask_for_reminders": timedelta(minutes=1),
    "cleanup": timedelta(hours=1),
    "delete_expired_materials": timedelta(hours=1),
    "forget_recordings": timedelta(days=1),
    "forget_sign_ins": timedelta(days=1),
    "forget_uploads": timedelta(hours=1),
    "journal_links": timedelta(minutes=5),
    "read_inbox": timedelta(minutes=1),
    "release_planned": timedelta(minutes=1),
    "retain": timedelta(hours=1),
    "warn_of_deletion": timedelta(hours=1),
}
"""Runs once in each such stretch of time, whatever the number of workers."""
