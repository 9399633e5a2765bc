"""accounts that were erased

Revision ID: erased_accounts
Revises: terms_at_the_desk
"""

import sqlalchemy as sa
from alembic import op


revision = 'erased_accounts'
down_revision = 'terms_at_the_desk'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('accounts') as batch:
        batch.add_column(sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('accounts') as batch:
        batch.drop_column('erased_at')
