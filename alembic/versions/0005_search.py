"""Search: an index of all that was said, kept by the database itself.

Revises: 0004

`message_search` numbers the messages that have a text, in the order in which they came. What their
words are is kept beside it: on SQLite in `message_words`, an FTS5 table of the same numbers, on
PostgreSQL in a column of its own. In both the owner is a term like the words, so that a search goes
past what others wrote. Triggers on `message` keep it all, so that no way to write one can forget.

A migration that rebuilds `message` on SQLite has to make the triggers anew: they go with the old
table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQLITE = (
    # Without the text, which `message` has. Two and three letters are looked up, not gathered.
    """
    CREATE VIRTUAL TABLE message_words USING fts5(
        words, owner, content='', prefix='2 3', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    INSERT INTO message_search (message_id, user_id)
    SELECT message.id, project.user_id
    FROM message
    JOIN chat ON chat.id = message.chat_id
    JOIN project ON project.id = chat.project_id
    WHERE message.content <> ''
    ORDER BY message.created_at, message.id
    """,
    # FTS5 writes down what it has whenever that is a megabyte: batches without more ado.
    """
    INSERT INTO message_words (rowid, words, owner)
    SELECT message_search.id, message.content, message_search.user_id
    FROM message_search JOIN message ON message.id = message_search.message_id
    ORDER BY message_search.id
    """,
    "INSERT INTO message_words (message_words) VALUES ('optimize')",
    """
    CREATE TRIGGER message_said AFTER INSERT ON message WHEN NEW.content <> '' BEGIN
        INSERT INTO message_search (message_id, user_id)
        SELECT NEW.id, project.user_id
        FROM chat JOIN project ON project.id = chat.project_id WHERE chat.id = NEW.chat_id;
        INSERT INTO message_words (rowid, words, owner)
        SELECT id, NEW.content, user_id FROM message_search WHERE message_id = NEW.id;
    END
    """,
    # What FTS5 is to forget it has to be told word for word.
    """
    CREATE TRIGGER message_changed AFTER UPDATE OF content ON message
    WHEN OLD.content <> NEW.content BEGIN
        INSERT INTO message_words (message_words, rowid, words, owner)
        SELECT 'delete', id, OLD.content, user_id FROM message_search WHERE message_id = NEW.id;
        DELETE FROM message_search WHERE message_id = NEW.id AND NEW.content = '';
        INSERT INTO message_search (message_id, user_id)
        SELECT NEW.id, project.user_id
        FROM chat JOIN project ON project.id = chat.project_id
        WHERE chat.id = NEW.chat_id AND OLD.content = '';
        INSERT INTO message_words (rowid, words, owner)
        SELECT id, NEW.content, user_id FROM message_search WHERE message_id = NEW.id;
    END
    """,
    # Before, for then it is still known whose it was.
    """
    CREATE TRIGGER message_gone BEFORE DELETE ON message WHEN OLD.content <> '' BEGIN
        INSERT INTO message_words (message_words, rowid, words, owner)
        SELECT 'delete', id, OLD.content, user_id FROM message_search WHERE message_id = OLD.id;
        DELETE FROM message_search WHERE message_id = OLD.id;
    END
    """,
)

POSTGRESQL = (
    "ALTER TABLE message_search ADD COLUMN words tsvector NOT NULL",
    # Long vectors (beyond some 2 kB) lie apart, so that to go through the numbers reads less.
    "ALTER TABLE message_search ALTER COLUMN words SET STORAGE EXTERNAL",
    "ALTER TABLE message_search SET (toast_tuple_target = 128)",
    # PostgreSQL's parser takes addresses, paths and names with dots for one word each, and knows
    # letters with and without accents apart: here a word is a run of letters and digits.
    r"""
    CREATE FUNCTION plain_words(said text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
    BEGIN
        IF said ~ '[^\x01-\x7f]' THEN
            said := regexp_replace(normalize(said, NFD), '[\u0300-\u036f]+', '', 'g');
        END IF;
        RETURN regexp_replace(
            said,
            '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf'
            '\u2000-\u206f\u2190-\u2bff\u3000-\u3004\u3008-\u3020]+',
            ' ',
            'g'
        );
    END
    $$
    """,
    # A vector has at most a megabyte: of what is longer than any person writes the beginning is
    # found. Whatever else is wrong with a text, it can be said, if not found.
    """
    CREATE FUNCTION words_of(said text, owner uuid) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT AS $$
    DECLARE
        whose tsvector := array_to_tsvector(ARRAY['@' || owner]);
    BEGIN
        FOR halved IN 0..6 LOOP
            BEGIN
                RETURN whose || to_tsvector('simple', plain_words(left(said, 1600000 >> (2 * halved))));
            EXCEPTION
                WHEN program_limit_exceeded THEN NULL;
                WHEN OTHERS THEN EXIT;
            END;
        END LOOP;
        RETURN whose;
    END
    $$
    """,
    """
    INSERT INTO message_search (message_id, user_id, words)
    SELECT message.id, project.user_id, words_of(message.content, project.user_id)
    FROM message
    JOIN chat ON chat.id = message.chat_id
    JOIN project ON project.id = chat.project_id
    WHERE message.content <> ''
    ORDER BY message.created_at, message.id
    """,
    # No list of what is pending: it would be gone through at each search.
    "CREATE INDEX ix_message_search_words ON message_search USING gin (words) WITH (fastupdate = off)",
    """
    CREATE FUNCTION keep_message_search() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.content = '' THEN
            DELETE FROM message_search WHERE message_id = NEW.id;
        ELSE
            INSERT INTO message_search (message_id, user_id, words)
            SELECT NEW.id, project.user_id, words_of(NEW.content, project.user_id)
            FROM chat JOIN project ON project.id = chat.project_id WHERE chat.id = NEW.chat_id
            ON CONFLICT (message_id) DO UPDATE SET words = excluded.words;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER message_said AFTER INSERT ON message
    FOR EACH ROW WHEN (NEW.content <> '') EXECUTE FUNCTION keep_message_search()
    """,
    # What is deleted takes its row with it.
    """
    CREATE TRIGGER message_changed AFTER UPDATE OF content ON message
    FOR EACH ROW WHEN (OLD.content <> NEW.content) EXECUTE FUNCTION keep_message_search()
    """,
)


def upgrade() -> None:
    """Make the index and put in what was said so far; messages stay as they are."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "message_search",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message_search"),
        sa.UniqueConstraint("message_id", name="uq_message_search_message_id"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name="fk_message_search_message_id_message",
            ondelete="CASCADE",
        ),
    )
    for statement in SQLITE if _is_sqlite() else POSTGRESQL:
        op.execute(sa.text(statement.replace(":", "\\:")))
    op.create_index("ix_message_search_user_id_id", "message_search", ["user_id", "id"])


def downgrade() -> None:
    """Drop the index; it holds nothing that the messages don't."""
    if _is_sqlite():
        for trigger in ("message_said", "message_changed", "message_gone"):
            op.execute(f"DROP TRIGGER {trigger}")
        op.drop_table("message_words")
    else:
        for trigger in ("message_said", "message_changed"):
            op.execute(f"DROP TRIGGER {trigger} ON message")
        op.execute("DROP FUNCTION keep_message_search()")
    op.drop_table("message_search")
    if not _is_sqlite():
        op.execute("DROP FUNCTION words_of(text, uuid)")
        op.execute("DROP FUNCTION plain_words(text)")


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
