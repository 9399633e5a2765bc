"""the evening: a room that is closed, another in its place, people let in by hand

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('admissions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_admissions_account_id_accounts')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_admissions_registration_id_registrations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_admissions'))
    )
    op.create_index(op.f('ix_admissions_account_id'), 'admissions', ['account_id'], unique=False)
    op.create_index('uq_admissions_registration_id_active', 'admissions', ['registration_id'], unique=True, sqlite_where=sa.text('revoked_at IS NULL'), postgresql_where=sa.text('revoked_at IS NULL'))
    # Nothing wrote it so far; what stands there all the same must not stop the constraint.
    op.execute(sa.text('UPDATE talks SET extended_until = NULL WHERE extended_until <= ends_at'))
    with op.batch_alter_table('talks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('other_room', sa.String(length=500), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('other_room_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('talks', schema=None) as batch_op:
        batch_op.alter_column('other_room', server_default=None)
        batch_op.create_check_constraint(op.f('ck_talks_extended_after_end'), 'extended_until > ends_at')
        batch_op.create_check_constraint(
            op.f('ck_talks_other_room_since'), "(other_room = '') = (other_room_at IS NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table('talks', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_talks_other_room_since'), type_='check')
        batch_op.drop_constraint(op.f('ck_talks_extended_after_end'), type_='check')
        batch_op.drop_column('other_room_at')
        batch_op.drop_column('other_room')
        batch_op.drop_column('closed_at')
    op.drop_index('uq_admissions_registration_id_active', table_name='admissions')
    op.drop_index(op.f('ix_admissions_account_id'), table_name='admissions')
    op.drop_table('admissions')
