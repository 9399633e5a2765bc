"""mails sent again

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.add_column(sa.Column('resent_as_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f('fk_mails_resent_as_id_mails'), 'mails', ['resent_as_id'], ['id'])
        batch_op.create_index('ix_mails_resent_as_id_state', ['resent_as_id', 'state'], unique=False)
        batch_op.create_index('ix_mails_state_id', ['state', 'id'], unique=False)
        batch_op.create_index('ix_mails_state_sent_at', ['state', 'sent_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.drop_index('ix_mails_state_sent_at')
        batch_op.drop_index('ix_mails_state_id')
        batch_op.drop_index('ix_mails_resent_as_id_state')
        batch_op.drop_constraint(op.f('fk_mails_resent_as_id_mails'), type_='foreignkey')
        batch_op.drop_column('resent_as_id')
