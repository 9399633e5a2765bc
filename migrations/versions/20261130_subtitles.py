"""subtitles

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('subtitle_cues',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('start_ms', sa.Integer(), nullable=False),
    sa.Column('end_ms', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.CheckConstraint('start_ms >= 0 AND end_ms > start_ms', name=op.f('ck_subtitle_cues_in_order')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_subtitle_cues_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subtitle_cues')),
    sa.UniqueConstraint('material_id', 'number', name=op.f('uq_subtitle_cues_material_id_number'))
    )
    with op.batch_alter_table('materials') as batch_op:
        batch_op.add_column(sa.Column('recording_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('language', sa.String(length=2), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_materials_recording_id'), ['recording_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_materials_recording_id_materials'), 'materials', ['recording_id'], ['id'], ondelete='CASCADE')
    with op.batch_alter_table('materials') as batch_op:
        batch_op.alter_column('language', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('materials') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_materials_recording_id_materials'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_materials_recording_id'))
        batch_op.drop_column('language')
        batch_op.drop_column('recording_id')
    op.drop_table('subtitle_cues')
