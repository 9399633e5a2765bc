"""What each kind of job does, by its name; and what is asked for again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from webinar.jobs.cleanup import cleanup, forget_bodies
from webinar.jobs.films import cut_recording
from webinar.jobs.inbox import forget_inbox, read_inbox
from webinar.jobs.mailings import expand_mailing
from webinar.jobs.materials import delete_expired_materials, delete_files, process_material
from webinar.jobs.queue import Handler
from webinar.jobs.recordings import fetch_recording, forget_recordings, take_recording
from webinar.jobs.reminders import ask_for_reminders, remind

HANDLERS: Mapping[str, Handler] = {
    "ask_for_reminders": ask_for_reminders,
    "cleanup": cleanup,
    "cut_recording": cut_recording,
    "delete_expired_materials": delete_expired_materials,
    "delete_files": delete_files,
    "expand_mailing": expand_mailing,
    "fetch_recording": fetch_recording,
    "forget_bodies": forget_bodies,
    "forget_inbox": forget_inbox,
    "forget_recordings": forget_recordings,
    "process_material": process_material,
    "read_inbox": read_inbox,
    "remind": remind,
    "take_recording": take_recording,
}
PERIODIC: Mapping[str, timedelta] = {
    "ask_for_reminders": timedelta(minutes=1),
    "cleanup": timedelta(hours=1),
    "delete_expired_materials": timedelta(hours=1),
    "forget_bodies": timedelta(days=1),
    "forget_inbox": timedelta(days=1),
    "forget_recordings": timedelta(days=1),
    "read_inbox": timedelta(minutes=1),
}
"""Runs once in each such stretch of time, whatever the number of workers."""
