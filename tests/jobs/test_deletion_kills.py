"""Workers that die in the middle of deleting: what stays is whole, and what was to go goes."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from tests import factories
from tests.jobs.processes import die, died
from tests.lengths import length
from webinar import settings_of
from webinar.adapters.storage import Storage, bucket, folder, storage_of
from webinar.cli import main
from webinar.clock import now
from webinar.domain import jobs, materials
from webinar.extensions import db
from webinar.jobs import queue, stored_files
from webinar.jobs.handlers import HANDLERS
from webinar.models import Job, JobState, Material, MaterialKind, MaterialPage, Talk

pytestmark = pytest.mark.kill


@pytest.fixture(params=["folder", "s3"])
def environ(request: pytest.FixtureRequest, environ: dict[str, str]) -> dict[str, str]:
    return environ | (request.getfixturevalue("s3") if request.param == "s3" else {})


@pytest.fixture
def store(app: Flask) -> Storage:
    return storage_of(settings_of(app))


def keep(store: Storage, talk_id: int) -> Material:
    """A material of three files: itself and the pictures of a page."""
    keys = [store.put(io.BytesIO(os.urandom(2000)), limit=2000) for _ in range(3)]
    row = materials.add(
        db.session.get_one(Talk, talk_id),
        kind=MaterialKind.HANDOUT,
        title="Merkblatt",
        stored=keys[0],
        media_type="image/png",
        file_name="merkblatt.png",
        by=None,
    )
    row.pages.append(MaterialPage(number=1, thumbnail_key=keys[1].key, picture_key=keys[2].key))
    db.session.commit()
    return row


def dies_at(app: Flask, step: int) -> bool:
    """Whether a worker in a process of its own died at that step before its work was done: before
    or after a file goes, between its going and the folder's being synced, before or after a
    commit."""
    left = step

    def stepped(act: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*given: Any) -> Any:
            count()
            done = act(*given)
            count()
            return done

        return stepping

    def count(*_given: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            die()

    def work_to_the_end() -> None:
        bucket._client.cache_clear()  # its connections are the other process's
        kind = type(storage_of(settings_of(app)))
        kind.delete = stepped(kind.delete)  # type: ignore[method-assign]
        folder._sync_folder = stepped(folder._sync_folder)
        for moment in ("before_commit", "after_commit"):
            event.listen(db.session, moment, count)
        while queue.work(settings_of(app), HANDLERS):
            pass

    return died(work_to_the_end)


def findings(store: Storage) -> set[str]:
    return {one.what for one in stored_files.verify(store, read=True, progress=lambda _n: None)}


def work(app: Flask) -> None:
    """Another worker, after the dead one's lease has ended."""
    for job in db.session.scalars(select(Job).where(Job.state == JobState.RUNNING)):
        job.lease_until = now() - timedelta(seconds=1)
    db.session.commit()
    while queue.work(settings_of(app), HANDLERS):
        pass
    db.session.expire_all()


@pytest.mark.deep
def test_deletion_that_is_killed_at_any_step_leaves_a_whole(app: Flask, store: Storage) -> None:
    talk_id = factories.talk().id
    stays = keep(store, talk_id).id
    work(app)
    for step in itertools.count(1, length(4, soak=1)):
        goes = keep(store, talk_id)
        work(app)
        goes.delete_on = materials.today()
        jobs.enqueue("delete_expired_materials", key=f"delete_expired_materials@{step}")
        db.session.commit()
        dead = dies_at(app, step)
        # Nothing is named that is not there; what nobody names any more may still be.
        assert findings(store) <= {"surplus"}
        work(app)
        assert findings(store) == set()
        assert db.session.scalars(select(Material.id)).all() == [stays]
        if not dead:
            break
    assert step > 12
    verified = app.test_cli_runner().invoke(main, ["storage", "verify"])
    assert (verified.exit_code, "All is well" in verified.output) == (0, True)
    assert len(list(store.keys())) == 3


def test_deletion_that_dies_before_its_commit_has_not_happened(app: Flask, store: Storage) -> None:
    row = keep(store, factories.talk().id)
    work(app)
    number = row.id

    def delete_and_die() -> None:
        materials.delete(db.session.get_one(Material, number), by=None)
        db.session.flush()
        die()

    assert died(delete_and_die)
    work(app)
    assert db.session.get(Material, number) is not None
    assert findings(store) == set()
