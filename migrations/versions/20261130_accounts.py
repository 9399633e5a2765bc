"""accounts: sessions, second factors, identities, throttles; owners and shares of series

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('throttles',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('level', sa.Double(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('level >= 0', name=op.f('ck_throttles_level_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_throttles')),
    sa.UniqueConstraint('key', name=op.f('uq_throttles_key'))
    )
    with op.batch_alter_table('throttles') as batch_op:
        batch_op.create_index(batch_op.f('ix_throttles_at'), ['at'], unique=False)
    op.create_table('account_identities',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('issuer', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_identities_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_identities')),
    sa.UniqueConstraint('issuer', 'subject', name=op.f('uq_account_identities_issuer_subject'))
    )
    with op.batch_alter_table('account_identities') as batch_op:
        batch_op.create_index(batch_op.f('ix_account_identities_account_id'), ['account_id'], unique=False)
    op.create_table('account_sessions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(length=16), nullable=False),
    sa.Column('second_factor', sa.Boolean(), nullable=False),
    sa.Column('browser', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fresh_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("method IN ('password', 'passkey', 'oidc')", name=op.f('ck_account_sessions_method_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_account_sessions_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_sessions')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_account_sessions_key_hash'))
    )
    with op.batch_alter_table('account_sessions') as batch_op:
        batch_op.create_index(batch_op.f('ix_account_sessions_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_sessions_seen_at'), ['seen_at'], unique=False)
    op.create_table('passkeys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('credential_id', sa.String(length=1400), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.Integer(), nullable=False),
    sa.Column('transports', sa.JSON(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('sign_count >= 0', name=op.f('ck_passkeys_sign_count_not_negative')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_passkeys_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkeys')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_passkeys_credential_id'))
    )
    with op.batch_alter_table('passkeys') as batch_op:
        batch_op.create_index(batch_op.f('ix_passkeys_account_id'), ['account_id'], unique=False)
    op.create_table('recovery_codes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_recovery_codes_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_codes')),
    sa.UniqueConstraint('account_id', 'code_hash', name=op.f('uq_recovery_codes_account_id_code_hash'))
    )
    op.create_table('series_shares',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('series_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_series_shares_account_id_accounts')),
    sa.ForeignKeyConstraint(['series_id'], ['series.id'], name=op.f('fk_series_shares_series_id_series'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_series_shares')),
    sa.UniqueConstraint('series_id', 'account_id', name=op.f('uq_series_shares_series_id_account_id'))
    )
    with op.batch_alter_table('series_shares') as batch_op:
        batch_op.create_index(batch_op.f('ix_series_shares_account_id'), ['account_id'], unique=False)
    with op.batch_alter_table('accounts') as batch_op:
        batch_op.add_column(sa.Column('totp', sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column('totp_step', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('passkey_handle', sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_accounts_passkey_handle'), ['passkey_handle'])
    with op.batch_alter_table('accounts') as batch_op:
        batch_op.alter_column('totp_step', server_default=None)
    with op.batch_alter_table('series') as batch_op:
        batch_op.add_column(sa.Column('owner_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_series_owner_id'), ['owner_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_series_owner_id_accounts'), 'accounts', ['owner_id'], ['id'])



def downgrade() -> None:
    with op.batch_alter_table('series') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_series_owner_id_accounts'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_series_owner_id'))
        batch_op.drop_column('owner_id')
    with op.batch_alter_table('accounts') as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_accounts_passkey_handle'), type_='unique')
        batch_op.drop_column('passkey_handle')
        batch_op.drop_column('totp_step')
        batch_op.drop_column('totp')
    op.drop_table('series_shares')
    op.drop_table('recovery_codes')
    op.drop_table('passkeys')
    op.drop_table('account_sessions')
    op.drop_table('account_identities')
    op.drop_table('throttles')
