"""store mails as they are

Compressing the bytes of a mail takes PostgreSQL longer than sending them, and they are deleted
after a term anyway. Bytes that are stored already stay as they are.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _store("EXTERNAL")


def downgrade() -> None:
    _store("EXTENDED")


def _store(how: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE mails ALTER COLUMN content SET STORAGE {how}")
