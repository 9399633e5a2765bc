"""the door of the room

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('recording_consents',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('speaker_id', sa.Integer(), nullable=False),
    sa.Column('answer', sa.String(length=8), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('given_by_id', sa.Integer(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("answer IN ('yes', 'no')", name=op.f('ck_recording_consents_answer_known')),
    sa.CheckConstraint('revoked_at IS NULL OR revoked_at >= given_at', name=op.f('ck_recording_consents_revoked_after_given')),
    sa.CheckConstraint('revoked_by_id IS NULL OR revoked_at IS NOT NULL', name=op.f('ck_recording_consents_revoked_by_whom')),
    sa.ForeignKeyConstraint(['given_by_id'], ['accounts.id'], name=op.f('fk_recording_consents_given_by_id_accounts')),
    sa.ForeignKeyConstraint(['revoked_by_id'], ['accounts.id'], name=op.f('fk_recording_consents_revoked_by_id_accounts')),
    sa.ForeignKeyConstraint(['speaker_id'], ['speakers.id'], name=op.f('fk_recording_consents_speaker_id_speakers'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_recording_consents_talk_id_talks'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording_consents'))
    )
    op.create_index(op.f('ix_recording_consents_talk_id'), 'recording_consents', ['talk_id'], unique=False)
    op.create_index(op.f('ix_recording_consents_speaker_id'), 'recording_consents', ['speaker_id'], unique=False)
    op.create_index(
        'uq_recording_consents_talk_id_speaker_id_active', 'recording_consents', ['talk_id', 'speaker_id'],
        unique=True, sqlite_where=sa.text('revoked_at IS NULL'), postgresql_where=sa.text('revoked_at IS NULL'),
    )
    op.create_table('feedbacks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('ticket', sa.String(length=32), nullable=False),
    sa.Column('given_on', sa.Date(), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.CheckConstraint('rating BETWEEN 1 AND 5', name=op.f('ck_feedbacks_rating_in_range')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_feedbacks_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedbacks')),
    sa.UniqueConstraint('ticket', name=op.f('uq_feedbacks_ticket'))
    )
    op.create_index(op.f('ix_feedbacks_talk_id'), 'feedbacks', ['talk_id'], unique=False)
    op.execute(
        sa.text(
            "INSERT INTO recording_consents (talk_id, speaker_id, answer, given_at, created_at, changed_at) "
            "SELECT talk_id, speaker_id, 'yes', recording_consent_at, recording_consent_at, recording_consent_at "
            "FROM talk_speakers WHERE recording_consent_at IS NOT NULL"
        )
    )
    with op.batch_alter_table('talk_speakers', schema=None) as batch_op:
        batch_op.drop_column('recording_consent_at')
    for table, column in (('registrations', 'display_name'), ('talks', 'dial_in_pin')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.String(length=60), nullable=False, server_default=''))
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    for table, column in (('talks', 'dial_in_pin'), ('registrations', 'display_name')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
    with op.batch_alter_table('talk_speakers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('recording_consent_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        sa.text(
            "UPDATE talk_speakers SET recording_consent_at = (SELECT given_at FROM recording_consents c "
            "WHERE c.talk_id = talk_speakers.talk_id AND c.speaker_id = talk_speakers.speaker_id "
            "AND c.answer = 'yes' AND c.revoked_at IS NULL)"
        )
    )
    op.drop_index(op.f('ix_feedbacks_talk_id'), 'feedbacks')
    op.drop_table('feedbacks')
    op.drop_index('uq_recording_consents_talk_id_speaker_id_active', 'recording_consents')
    op.drop_index(op.f('ix_recording_consents_speaker_id'), 'recording_consents')
    op.drop_index(op.f('ix_recording_consents_talk_id'), 'recording_consents')
    op.drop_table('recording_consents')
