"""search

Revision ID: 0016
Revises: 0015

The index is empty afterwards: `webinar search rebuild` fills it from what is there.
"""

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

# What the virtual table is told when a row comes, goes or changes. It keeps no text of its own
# (external content): it must be given the old words to take them out.
FORGET = "INSERT INTO search_trigrams(search_trigrams, rowid, words, context) VALUES ('delete', old.id, old.words, old.context);"
LEARN = "INSERT INTO search_trigrams(rowid, words, context) VALUES (new.id, new.words, new.context);"
SQLITE = (
    "CREATE VIRTUAL TABLE search_trigrams USING fts5(words, context, content='search_entries', content_rowid='id', tokenize='trigram')",
    f"CREATE TRIGGER search_entries_added AFTER INSERT ON search_entries BEGIN {LEARN} END",
    f"CREATE TRIGGER search_entries_removed AFTER DELETE ON search_entries BEGIN {FORGET} END",
    f"CREATE TRIGGER search_entries_changed AFTER UPDATE OF words, context ON search_entries BEGIN {FORGET} {LEARN} END",
)


def upgrade() -> None:
    op.create_table('topics',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('name_key', sa.String(length=80), nullable=False),
    sa.Column('sort_key', sa.String(length=80).with_variant(sa.String(length=80, collation='C'), 'postgresql'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topics')),
    sa.UniqueConstraint('name_key', name=op.f('uq_topics_name_key'))
    )
    op.create_index(op.f('ix_topics_sort_key'), 'topics', ['sort_key'])
    op.create_table('talk_topics',
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_talk_topics_talk_id_talks'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['topic_id'], ['topics.id'], name=op.f('fk_talk_topics_topic_id_topics'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('talk_id', 'topic_id', name=op.f('pk_talk_topics'))
    )
    op.create_index('ix_talk_topics_topic_id', 'talk_topics', ['topic_id'])
    op.create_table('search_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('talk_id', sa.Integer(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('seconds', sa.JSON(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('head', sa.Text(), nullable=False),
    sa.Column('context', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('talk', 'page', 'passage', 'file')", name=op.f('ck_search_entries_kind_known')),
    sa.ForeignKeyConstraint(['material_id'], ['materials.id'], name=op.f('fk_search_entries_material_id_materials'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['talk_id'], ['talks.id'], name=op.f('fk_search_entries_talk_id_talks'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_entries'))
    )
    op.create_index(op.f('ix_search_entries_talk_id'), 'search_entries', ['talk_id'])
    op.create_index(op.f('ix_search_entries_material_id'), 'search_entries', ['material_id'])
    if op.get_bind().dialect.name == 'sqlite':
        for statement in SQLITE:
            op.execute(statement)
        return
    op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    op.create_index('ix_search_entries_trigrams', 'search_entries', ['words', 'context'],
        postgresql_using='gin', postgresql_ops={'words': 'gin_trgm_ops', 'context': 'gin_trgm_ops'})


def downgrade() -> None:
    # The extension stays: others may use it by now, and to drop it takes its owner.
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TABLE search_trigrams')
    op.drop_table('search_entries')
    op.drop_table('talk_topics')
    op.drop_table('topics')
