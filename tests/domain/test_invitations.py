"""The moves of an answer: one table, and nothing else."""

from __future__ import annotations

import itertools

import pytest

from tests import factories
from webinar.domain import invitations
from webinar.errors import RuleError
from webinar.models import Answer

pytestmark = pytest.mark.usefixtures("app")


def test_invite_gives_one_contact_one_invitation() -> None:
    talk, contact = factories.talk(), factories.contact()
    first = invitations.invite(talk, contact=contact)
    assert invitations.invite(talk, contact=contact) is first
    assert invitations.invitation_of(talk, contact=contact) is first
    assert invitations.invitation_of(factories.talk(), contact=contact) is None


def test_set_answer_moves_by_the_table_alone() -> None:
    row = factories.invitation(factories.talk(), factories.contact())
    for before, after in itertools.product(Answer, Answer):
        row.answer, row.revision = before, 4
        if before is after:
            assert invitations.set_answer(row, after) is False
            assert (row.answer, row.revision) == (before, 4)
        elif after in invitations.MOVES[before]:
            assert invitations.set_answer(row, after) is True
            assert (row.answer, row.revision) == (after, 5)
            assert (row.answered_at is None) == (after is Answer.NONE)
        else:
            with pytest.raises(RuleError, match="answer_move_forbidden"):
                invitations.set_answer(row, after)
            assert (row.answer, row.revision) == (before, 4)


def test_withdrawn_invitation_can_only_be_asked_anew() -> None:
    assert invitations.MOVES[Answer.WITHDRAWN] == {Answer.NONE}
