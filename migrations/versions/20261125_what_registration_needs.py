"""what registration needs

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('questions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('text', 'choice', 'yes_no')", name=op.f('ck_questions_kind_known')),
    sa.CheckConstraint('position >= 0', name=op.f('ck_questions_position_not_negative')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_questions_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_questions')),
    sa.UniqueConstraint('talk_id', 'position', name=op.f('uq_questions_talk_id_position'))
    )
    op.create_table('reminders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('reminded', sa.String(length=12), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('done_for', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("reminded IN ('unanswered', 'coming', 'speakers')", name=op.f('ck_reminders_reminded_known')),
    sa.CheckConstraint('(days > 0 AND minutes = 0) OR (days = 0 AND minutes > 0)', name=op.f('ck_reminders_before')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_reminders_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminders')),
    sa.UniqueConstraint('talk_id', 'reminded', 'days', 'minutes', name=op.f('uq_reminders_talk_id_reminded_days_minutes'))
    )
    op.create_table('question_answers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_question_answers_question_id_questions'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_question_answers_registration_id_registrations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_answers')),
    sa.UniqueConstraint('registration_id', 'question_id', name=op.f('uq_question_answers_registration_id_question_id'))
    )
    op.create_index(op.f('ix_question_answers_question_id'), 'question_answers', ['question_id'], unique=False)
    with op.batch_alter_table('deputies', schema=None) as batch_op:
        batch_op.add_column(sa.Column('invited_before', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('place_passed', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('deputies', schema=None) as batch_op:
        batch_op.alter_column('invited_before', server_default=None)
        batch_op.alter_column('place_passed', server_default=None)
    with op.batch_alter_table('registrations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', sa.String(length=8), nullable=False, server_default='answer'))
    with op.batch_alter_table('registrations', schema=None) as batch_op:
        batch_op.alter_column('source', server_default=None)
        batch_op.create_check_constraint(
            op.f('ck_registrations_source_known'), "source IN ('answer', 'series', 'deputy', 'form', 'office')"
        )
    with op.batch_alter_table('talks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('registration_opens_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('places_per_organisation', sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            op.f('ck_talks_places_per_organisation'),
            'places_per_organisation IS NULL OR places_per_organisation > 0',
        )
    with op.batch_alter_table('mailings', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_mailings_kind_known'), type_='check')
        batch_op.create_check_constraint(
            op.f('ck_mailings_kind_known'), "kind IN ('invitation', 'reinvitation', 'materials', 'message')"
        )
    remind_of_what_stands()


def remind_of_what_stands() -> None:
    """Talks written before this revision get the reminders that a new one begins with."""
    for reminded, days, minutes in (('unanswered', 7, 0), ('coming', 1, 0), ('coming', 0, 60), ('speakers', 1, 0)):
        op.execute(
            sa.text(
                "INSERT INTO reminders (talk_id, reminded, days, minutes, created_at, changed_at) "
                "SELECT id, :reminded, :days, :minutes, changed_at, changed_at FROM talks"
            ).bindparams(reminded=reminded, days=days, minutes=minutes)
        )


def downgrade() -> None:
    op.execute(sa.text("UPDATE mailings SET kind = 'message' WHERE kind = 'reinvitation'"))
    with op.batch_alter_table('mailings', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_mailings_kind_known'), type_='check')
        batch_op.create_check_constraint(
            op.f('ck_mailings_kind_known'), "kind IN ('invitation', 'materials', 'message')"
        )
    with op.batch_alter_table('talks', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_talks_places_per_organisation'), type_='check')
        batch_op.drop_column('places_per_organisation')
        batch_op.drop_column('registration_opens_at')
    with op.batch_alter_table('registrations', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_registrations_source_known'), type_='check')
        batch_op.drop_column('source')
    with op.batch_alter_table('deputies', schema=None) as batch_op:
        batch_op.drop_column('place_passed')
        batch_op.drop_column('invited_before')
    with op.batch_alter_table('question_answers', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_question_answers_question_id'))
    op.drop_table('question_answers')
    op.drop_table('reminders')
    op.drop_table('questions')
