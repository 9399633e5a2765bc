"""steps of reading, pictures to read, times of pages, chapters, cuts

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('processing_steps',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('note', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("step IN ('text', 'pictures', 'length', 'order', 'poster')", name=op.f('ck_processing_steps_step_known')),
    sa.CheckConstraint("state IN ('waiting', 'done', 'failed', 'skipped')", name=op.f('ck_processing_steps_state_known')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_processing_steps_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_processing_steps')),
    sa.UniqueConstraint('material_id', 'step', name=op.f('uq_processing_steps_material_id_step'))
    )
    op.create_table('chapters',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('start_ms', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.CheckConstraint('start_ms >= 0', name=op.f('ck_chapters_time_not_negative')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_chapters_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chapters')),
    sa.UniqueConstraint('material_id', 'start_ms', name=op.f('uq_chapters_material_id_start_ms'))
    )
    op.create_table('recording_cuts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('source_key', sa.String(length=80), nullable=False),
    sa.Column('start_ms', sa.Integer(), nullable=False),
    sa.Column('end_ms', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('note', sa.String(length=40), nullable=False),
    sa.Column('storage_key', sa.String(length=80), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('duration_ms', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'ready', 'failed')", name=op.f('ck_recording_cuts_state_known')),
    sa.CheckConstraint('start_ms >= 0 AND end_ms > start_ms', name=op.f('ck_recording_cuts_in_order')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_recording_cuts_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording_cuts')),
    sa.UniqueConstraint('material_id', name=op.f('uq_recording_cuts_material_id')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_recording_cuts_storage_key'))
    )
    with op.batch_alter_table('material_pages') as batch_op:
        batch_op.add_column(sa.Column('picture_key', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('starts_at_ms', sa.Integer(), nullable=True))
        batch_op.create_check_constraint(batch_op.f('ck_material_pages_time_not_negative'), 'starts_at_ms IS NULL OR starts_at_ms >= 0')
    with op.batch_alter_table('materials') as batch_op:
        batch_op.add_column(sa.Column('poster_key', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('sent_sha256', sa.String(length=64), nullable=True))
    # Subtitles belonged to the talk's only recording until now; from here on the row says so.
    op.execute(
        "UPDATE materials SET language = CASE WHEN language = '' THEN 'de' ELSE language END, "
        "recording_id = (SELECT min(r.id) FROM materials AS r "
        "WHERE r.talk_id = materials.talk_id AND r.kind = 'recording') "
        "WHERE kind = 'subtitles' AND recording_id IS NULL "
        "AND (SELECT count(*) FROM materials AS r "
        "WHERE r.talk_id = materials.talk_id AND r.kind = 'recording') = 1"
    )


def downgrade() -> None:
    with op.batch_alter_table('materials') as batch_op:
        batch_op.drop_column('sent_sha256')
        batch_op.drop_column('poster_key')
    with op.batch_alter_table('material_pages') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_material_pages_time_not_negative'), type_='check')
        batch_op.drop_column('starts_at_ms')
        batch_op.drop_column('picture_key')
    op.drop_table('recording_cuts')
    op.drop_table('chapters')
    op.drop_table('processing_steps')
