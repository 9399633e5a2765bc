"""pace of mail

Revision ID: 0004_steady
Revises: 0004
"""

from alembic import op


revision = '0004_steady'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_mails_sent_at', 'mails', ['sent_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_mails_sent_at', table_name='mails')
