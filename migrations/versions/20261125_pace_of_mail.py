"""pace of mail

Revision ID: 0007
Revises: 0006
"""

from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_mails_sent_at', 'mails', ['sent_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_mails_sent_at', table_name='mails')
