"""the sequence that downloads and feeds of a talk carry

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('talks') as batch:
        batch.add_column(sa.Column('sequence', sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('talks') as batch:
        batch.alter_column('sequence', server_default=None)
        batch.create_check_constraint(op.f('ck_talks_sequence_not_negative'), 'sequence >= 0')
    # A cancellation is told with a higher number than the talk had before (RFC 5546, 2.1.4).
    op.execute("UPDATE talks SET sequence = 1 WHERE state = 'cancelled'")


def downgrade() -> None:
    with op.batch_alter_table('talks') as batch:
        batch.drop_constraint(op.f('ck_talks_sequence_not_negative'), type_='check')
        batch.drop_column('sequence')
