"""who was there, and recordings that come in

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

ATTENDEES = "attendee IN ('participant', 'speaker', 'staff', 'unknown')"
HALL = sa.text("source = 'hall'")


def upgrade() -> None:
    with op.batch_alter_table('rooms') as batch_op:
        batch_op.add_column(sa.Column('reserved_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('attendances') as batch_op:
        batch_op.add_column(sa.Column('attendee', sa.String(length=12), nullable=False, server_default='participant'))
        batch_op.add_column(sa.Column('left_assumed', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE attendances SET attendee = 'unknown' WHERE registration_id IS NULL")
    with op.batch_alter_table('attendances') as batch_op:
        batch_op.alter_column('attendee', existing_type=sa.String(length=12), existing_nullable=False, server_default=None)
        batch_op.alter_column('left_assumed', existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch_op.create_check_constraint(op.f('ck_attendances_attendee_known'), ATTENDEES)
    op.create_index('uq_attendances_registration_id_hall', 'attendances', ['registration_id'], unique=True, sqlite_where=HALL, postgresql_where=HALL)

    op.create_table('recordings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('room_name', sa.String(length=200), nullable=False),
    sa.Column('link', sa.String(length=2000), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('received', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('media_type', sa.String(length=120), nullable=False),
    sa.Column('storage_key', sa.String(length=80), nullable=True),
    sa.Column('talk_id', sa.Integer(), nullable=True),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("received >= 0 AND (size IS NULL OR received <= size)", name=op.f('ck_recordings_received')),
    sa.CheckConstraint("reason IN ('', 'room_unknown', 'no_consent', 'no_video', 'link', 'too_large')", name=op.f('ck_recordings_reason_known')),
    sa.CheckConstraint("source IN ('jibri', 'jaas')", name=op.f('ck_recordings_source_known')),
    sa.CheckConstraint("state IN ('receiving', 'complete', 'stored', 'aside', 'discarded', 'failed')", name=op.f('ck_recordings_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_recordings_account_id_accounts')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_recordings_material_id_materials'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_recordings_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recordings')),
    sa.UniqueConstraint('key', name=op.f('uq_recordings_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_recordings_public_id')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_recordings_storage_key'))
    )
    op.create_index(op.f('ix_recordings_material_id'), 'recordings', ['material_id'], unique=False)
    op.create_index('ix_recordings_state_created_at', 'recordings', ['state', 'created_at'], unique=False)
    op.create_index(op.f('ix_recordings_talk_id'), 'recordings', ['talk_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_recordings_talk_id'), table_name='recordings')
    op.drop_index('ix_recordings_state_created_at', table_name='recordings')
    op.drop_index(op.f('ix_recordings_material_id'), table_name='recordings')
    op.drop_table('recordings')

    op.drop_index('uq_attendances_registration_id_hall', table_name='attendances')
    with op.batch_alter_table('attendances') as batch_op:
        batch_op.drop_constraint(op.f('ck_attendances_attendee_known'), type_='check')
        batch_op.drop_column('left_assumed')
        batch_op.drop_column('attendee')

    with op.batch_alter_table('rooms') as batch_op:
        batch_op.drop_column('reserved_at')
