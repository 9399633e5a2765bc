"""retention, legal texts, an audit log that only grows

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

# Nobody changes a line of the audit log, and nobody deletes a young one, whatever rights they have
# on the table. An application that is not the owner of the tables gets its rights by `webinar
# database grant`, which leaves out UPDATE, DELETE and TRUNCATE here: what remains are the two
# functions, which run with the owner's rights and do one thing each.
REFUSE = """
CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.changes::text = '{}'
       AND (NEW.id, NEW.at, NEW.account_id, NEW.action, NEW.record_type, NEW.record_id)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.at, OLD.account_id, OLD.action, OLD.record_type, OLD.record_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log only grows: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
ROWS = """
CREATE TRIGGER audit_entries_only_grows BEFORE UPDATE OR DELETE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()
"""
WHOLE = """
CREATE TRIGGER audit_entries_is_not_emptied BEFORE TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()
"""
FORGET = """
CREATE FUNCTION audit_forget(ids integer[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM audit_entries
        WHERE id = ANY(ids) AND at < now() - interval '365 days' RETURNING id
    )
    SELECT count(*) FROM gone
$$
"""
REDACT = """
CREATE FUNCTION audit_redact(ids integer[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH emptied AS (
        UPDATE audit_entries SET changes = '{}' WHERE id = ANY(ids) RETURNING id
    )
    SELECT count(*) FROM emptied
$$
"""


def upgrade() -> None:
    op.create_table('retention_counts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.CheckConstraint('count > 0', name=op.f('ck_retention_counts_count_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_counts'))
    )
    op.create_index('ix_retention_counts_at', 'retention_counts', ['at', 'id'], unique=False)
    op.create_table('legal_texts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('page', sa.String(length=16), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("page IN ('imprint', 'privacy', 'accessibility')", name=op.f('ck_legal_texts_page_known')),
    sa.CheckConstraint("language IN ('de', 'en')", name=op.f('ck_legal_texts_language_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_legal_texts_account_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_legal_texts'))
    )
    op.create_index('ix_legal_texts_page_language_id', 'legal_texts', ['page', 'language', 'id'], unique=False)
    if op.get_bind().dialect.name == 'postgresql':
        for statement in (REFUSE, ROWS, WHOLE, FORGET, REDACT):
            op.execute(statement)
        for function in ('audit_forget(integer[])', 'audit_redact(integer[])'):
            op.execute(f'REVOKE ALL ON FUNCTION {function} FROM PUBLIC')


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_entries_is_not_emptied ON audit_entries')
        op.execute('DROP TRIGGER audit_entries_only_grows ON audit_entries')
        for function in ('audit_redact(integer[])', 'audit_forget(integer[])',
                         'audit_entries_refuse()'):
            op.execute(f'DROP FUNCTION {function}')
    op.drop_index('ix_legal_texts_page_language_id', table_name='legal_texts')
    op.drop_table('legal_texts')
    op.drop_index('ix_retention_counts_at', table_name='retention_counts')
    op.drop_table('retention_counts')
