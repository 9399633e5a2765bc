"""terms of retention that are written at the desk

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('retention_terms',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('days > 0', name=op.f('ck_retention_terms_days_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_terms')),
    sa.UniqueConstraint('kind', name=op.f('uq_retention_terms_kind'))
    )
    # Names of who opened what go with everything else; nothing takes this job any more.
    op.execute("DELETE FROM jobs WHERE name = 'forget_openings' AND state = 'queued'")


def downgrade() -> None:
    op.drop_table('retention_terms')
