"""mail that comes in

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('inbox_readings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trouble', sa.String(length=500), nullable=False),
    sa.Column('trouble_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_readings')),
    sa.UniqueConstraint('source', name=op.f('uq_inbox_readings_source'))
    )
    op.create_table('calendar_replies',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('stamp', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_calendar_replies_contact_id_contacts')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_calendar_replies_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_replies')),
    sa.UniqueConstraint('talk_id', 'contact_id', name=op.f('uq_calendar_replies_talk_id_contact_id'))
    )
    op.create_index(op.f('ix_calendar_replies_contact_id'), 'calendar_replies', ['contact_id'], unique=False)

    op.create_table('inbox_messages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('suggestion', sa.String(length=12), nullable=False),
    sa.Column('sender', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('talk_id', sa.Integer(), nullable=True),
    sa.Column('mail_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('reply', 'bounce', 'automatic', 'answer', 'unknown')", name=op.f('ck_inbox_messages_kind_known')),
    sa.CheckConstraint("outcome IN ('accepted', 'declined', 'left_open', 'repeated', 'bounced', 'delayed', 'filed', 'person_wrote', 'counter', 'not_proven', 'other_sender', 'not_invited', 'several_people', 'unknown_talk', 'outdated', 'delegated', 'refused', 'bounce_not_proven', 'too_large', 'damaged', 'no_sender', 'mass_mail', 'own_mail', 'failed', 'unknown_mail')", name=op.f('ck_inbox_messages_outcome_known')),
    sa.CheckConstraint("state IN ('acted', 'waiting', 'aside', 'done')", name=op.f('ck_inbox_messages_state_known')),
    sa.CheckConstraint("suggestion IN ('', 'accept', 'decline', 'tentative', 'delegate', 'question', 'bounce')", name=op.f('ck_inbox_messages_suggestion_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_inbox_messages_account_id_accounts')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_inbox_messages_contact_id_contacts')),
    sa.ForeignKeyConstraint(['mail_id'], ['mails.id'], name=op.f('fk_inbox_messages_mail_id_mails')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_inbox_messages_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_messages')),
    sa.UniqueConstraint('fingerprint', name=op.f('uq_inbox_messages_fingerprint'))
    )
    op.create_index(op.f('ix_inbox_messages_contact_id'), 'inbox_messages', ['contact_id'], unique=False)
    op.create_index('ix_inbox_messages_created_at', 'inbox_messages', ['created_at'], unique=False)
    op.create_index(op.f('ix_inbox_messages_mail_id'), 'inbox_messages', ['mail_id'], unique=False)
    op.create_index('ix_inbox_messages_state_id', 'inbox_messages', ['state', 'id'], unique=False)
    op.create_index(op.f('ix_inbox_messages_talk_id'), 'inbox_messages', ['talk_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_inbox_messages_talk_id'), table_name='inbox_messages')
    op.drop_index('ix_inbox_messages_state_id', table_name='inbox_messages')
    op.drop_index(op.f('ix_inbox_messages_mail_id'), table_name='inbox_messages')
    op.drop_index('ix_inbox_messages_created_at', table_name='inbox_messages')
    op.drop_index(op.f('ix_inbox_messages_contact_id'), table_name='inbox_messages')

    op.drop_table('inbox_messages')
    op.drop_index(op.f('ix_calendar_replies_contact_id'), table_name='calendar_replies')

    op.drop_table('calendar_replies')
    op.drop_table('inbox_readings')
