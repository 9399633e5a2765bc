"""uploads

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from webinar.models.base import Utc

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('uploads',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('received', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('about', sa.String(length=200), nullable=False),
    sa.Column('writer', sa.String(length=32), nullable=True),
    sa.Column('writer_until', Utc(timezone=True), nullable=True),
    sa.Column('storage_key', sa.String(length=80), nullable=True),
    sa.Column('expires_at', Utc(timezone=True), nullable=False),
    sa.Column('created_at', Utc(timezone=True), nullable=False),
    sa.Column('changed_at', Utc(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('slides', 'recording', 'handout', 'link', 'subtitles')", name=op.f('ck_uploads_kind_known')),
    sa.CheckConstraint("state IN ('receiving', 'complete', 'stored', 'refused')", name=op.f('ck_uploads_state_known')),
    sa.CheckConstraint('received >= 0 AND received <= size', name=op.f('ck_uploads_received')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_uploads_account_id_accounts')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_uploads_talk_id_talks'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uploads')),
    sa.UniqueConstraint('public_id', name=op.f('uq_uploads_public_id')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_uploads_storage_key'))
    )
    with op.batch_alter_table('uploads') as batch_op:
        batch_op.create_index(batch_op.f('ix_uploads_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_uploads_talk_id_state', ['talk_id', 'state'], unique=False)
        batch_op.create_index('ix_uploads_expires_at', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('uploads')
