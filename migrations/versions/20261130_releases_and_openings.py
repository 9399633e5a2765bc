"""planned releases, what was opened, the end of a release, a rule of its own for who took part

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('openings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('download', 'view')", name=op.f('ck_openings_kind_known')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_openings_contact_id_contacts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_openings_material_id_materials'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_openings'))
    )
    op.create_index(op.f('ix_openings_contact_id'), 'openings', ['contact_id'])
    op.create_index('ix_openings_material_id_contact_id', 'openings', ['material_id', 'contact_id', 'opened_at'])
    named = sa.text('contact_id IS NOT NULL')
    op.create_index('ix_openings_opened_at_named', 'openings', ['opened_at'], sqlite_where=named, postgresql_where=named)
    op.create_table('planned_releases',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('problem', sa.String(length=40), nullable=False),
    sa.Column('material_ids', sa.JSON(), nullable=False),
    sa.Column('groups', sa.JSON(), nullable=False),
    sa.Column('audience_ids', sa.JSON(), nullable=False),
    sa.Column('closes_on', sa.Date(), nullable=True),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'done', 'called_off', 'failed')", name=op.f('ck_planned_releases_state_known')),
    sa.CheckConstraint("(subject = '') = (text = '')", name=op.f('ck_planned_releases_words_together')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_planned_releases_account_id_accounts')),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_planned_releases_talk_id_talks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_releases'))
    )
    op.create_index(op.f('ix_planned_releases_talk_id'), 'planned_releases', ['talk_id'])
    op.create_index('ix_planned_releases_state_due_at', 'planned_releases', ['state', 'due_at'])
    with op.batch_alter_table('materials') as batch_op:
        batch_op.add_column(sa.Column('closes_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('deletion_told', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('speaker_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_materials_speaker_id'), ['speaker_id'])
        batch_op.create_foreign_key(batch_op.f('fk_materials_speaker_id_speakers'), 'speakers', ['speaker_id'], ['id'], ondelete='SET NULL')
    with op.batch_alter_table('talks') as batch_op:
        batch_op.add_column(sa.Column('took_part_minutes', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('took_part_percent', sa.Integer(), nullable=True))
        batch_op.create_check_constraint(batch_op.f('ck_talks_took_part_one_rule'), 'took_part_minutes IS NULL OR took_part_percent IS NULL')
        batch_op.create_check_constraint(batch_op.f('ck_talks_took_part_minutes'), 'took_part_minutes > 0')
        batch_op.create_check_constraint(batch_op.f('ck_talks_took_part_percent'), 'took_part_percent BETWEEN 1 AND 100')


def downgrade() -> None:
    with op.batch_alter_table('talks') as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_talks_took_part_percent'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_talks_took_part_minutes'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_talks_took_part_one_rule'), type_='check')
        batch_op.drop_column('took_part_percent')
        batch_op.drop_column('took_part_minutes')
    with op.batch_alter_table('materials') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_materials_speaker_id_speakers'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_materials_speaker_id'))
        batch_op.drop_column('refused_at')
        batch_op.drop_column('speaker_id')
        batch_op.drop_column('deletion_told')
        batch_op.drop_column('closes_on')
    op.drop_table('planned_releases')
    op.drop_table('openings')
