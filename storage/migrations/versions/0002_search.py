"""Full-text indexes over products and passages, kept by the database itself.

Triggers write the index row in the transaction that writes the text, so no caller can forget to.
SQLite has FTS5 (Porter stemming, diacritics folded); PostgreSQL a tsvector with weights and a GIN index,
from words prepared the same way. `search_version` counts the changes: who keeps words or vectors
in memory compares it. A later migration that rebuilds `product`, `variant`, `passage` or `product_vector` in
SQLite's batch mode drops their triggers and has to make them again (`create_sqlite_triggers`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TOKENIZE = "tokenize = 'porter unicode61 remove_diacritics 2'"
PRODUCT_TEXT = "title, vendor, category, tags, description, attributes"
NEXT_VERSION = "UPDATE search_version SET number = number + 1;"

# {id} is the product's; the columns are those of product_search.
SQLITE_PRODUCT_ROW = """
    DELETE FROM product_search WHERE rowid = (SELECT id FROM product_search_row WHERE product_id = {id});
    INSERT OR IGNORE INTO product_search_row (product_id) SELECT id FROM product WHERE id = {id};
    INSERT INTO product_search (rowid, title, vendor, labels, facets, body)
    SELECT r.id, p.title, p.vendor,
        p.category || ' ' || coalesce((SELECT group_concat(value, ' . ') FROM json_each(p.tags)), ''),
        coalesce((SELECT group_concat(o.value, ' . ') FROM variant v, json_each(v.options) o
                  WHERE v.product_id = p.id AND v.published), '')
        || ' . ' || coalesce((SELECT group_concat(coalesce(key, '') || ' ' || atom, ' . ')
                              FROM json_tree(p.attributes) WHERE atom IS NOT NULL), ''),
        p.description
    FROM product p JOIN product_search_row r ON r.product_id = p.id WHERE p.id = {id};
    UPDATE search_version SET number = number + 1;
"""

SQLITE_PASSAGE_ROW = """
    DELETE FROM passage_search WHERE rowid = {id};
    INSERT INTO passage_search (rowid, headings, phrasings, body)
    SELECT id, coalesce((SELECT group_concat(value, ' . ') FROM json_each(headings)), ''),
        coalesce((SELECT group_concat(value, ' . ') FROM json_each(phrasings)), ''), text
    FROM passage WHERE id = {id};
    UPDATE search_version SET number = number + 1;
"""

SQLITE_TRIGGERS = {
    "product_search_insert": ("AFTER INSERT ON product", SQLITE_PRODUCT_ROW.format(id="new.id")),
    "product_search_update": (
        f"AFTER UPDATE OF {PRODUCT_TEXT} ON product",
        SQLITE_PRODUCT_ROW.format(id="new.id"),
    ),
    # Whether a product is published is read from the product itself; its words count only then.
    "product_search_published": ("AFTER UPDATE OF published ON product", NEXT_VERSION),
    "product_search_delete": (
        "BEFORE DELETE ON product",
        """
    DELETE FROM product_search WHERE rowid = (SELECT id FROM product_search_row WHERE product_id = old.id);
    DELETE FROM product_search_row WHERE product_id = old.id;
    UPDATE search_version SET number = number + 1;
""",
    ),
    "product_search_variant_insert": (
        "AFTER INSERT ON variant",
        SQLITE_PRODUCT_ROW.format(id="new.product_id"),
    ),
    "product_search_variant_update": (
        "AFTER UPDATE OF options, published ON variant",
        SQLITE_PRODUCT_ROW.format(id="new.product_id"),
    ),
    "product_search_variant_delete": (
        "AFTER DELETE ON variant",
        SQLITE_PRODUCT_ROW.format(id="old.product_id"),
    ),
    "passage_search_insert": ("AFTER INSERT ON passage", SQLITE_PASSAGE_ROW.format(id="new.id")),
    "passage_search_update": (
        "AFTER UPDATE OF headings, phrasings, text ON passage",
        SQLITE_PASSAGE_ROW.format(id="new.id"),
    ),
    "passage_search_delete": (
        "AFTER DELETE ON passage",
        "DELETE FROM passage_search WHERE rowid = old.id; UPDATE search_version SET number = number + 1;",
    ),
    "product_vector_search_insert": ("AFTER INSERT ON product_vector", NEXT_VERSION),
    "product_vector_search_update": ("AFTER UPDATE ON product_vector", NEXT_VERSION),
    "product_vector_search_delete": ("AFTER DELETE ON product_vector", NEXT_VERSION),
}

# Words as FTS5's unicode61 sees them: marks taken off, all but letters and digits turned to spaces, so that
# PostgreSQL's parser meets no "4mm/5mm" it would read as a file, whatever the database's locale.
POSTGRES_FUNCTIONS = {
    "search_words(text)": r"""
CREATE FUNCTION search_words(source text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT regexp_replace(
        regexp_replace(normalize(coalesce(source, ''), NFD), '[\u0300-\u036f]', '', 'g'),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u3000-\u3004\u3008-\u3020]+',
        ' ', 'g')
$$""",
    "product_search_write(uuid)": """
CREATE FUNCTION product_search_write(changed uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO product_search (product_id, document)
    SELECT p.id,
        setweight(to_tsvector('english', search_words(p.title)), 'A')
        || setweight(to_tsvector('english', search_words(p.vendor)), 'B')
        || setweight(to_tsvector('english', search_words(p.category || ' ' || coalesce(
            (SELECT string_agg(value, ' ') FROM jsonb_array_elements_text(p.tags)), ''))), 'C')
        || setweight(to_tsvector('english', search_words(p.description || ' ' || coalesce(
            (SELECT string_agg(key || ' ' || value, ' ') FROM json_each_text(p.attributes)), '')
            || ' ' || coalesce(
            (SELECT string_agg(o.value, ' ') FROM variant v, json_each_text(v.options) o
             WHERE v.product_id = p.id AND v.published), ''))), 'D')
    FROM product p WHERE p.id = changed
    ON CONFLICT (product_id) DO UPDATE SET document = excluded.document
$$""",
    "product_search_of_product()": """
CREATE FUNCTION product_search_of_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM product_search_write(new.id);
    RETURN NULL;
END $$""",
    "product_search_of_variant()": """
CREATE FUNCTION product_search_of_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM product_search_write(CASE WHEN tg_op = 'DELETE' THEN old.product_id ELSE new.product_id END);
    RETURN NULL;
END $$""",
    "passage_search_of_passage()": """
CREATE FUNCTION passage_search_of_passage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO passage_search (passage_id, document)
    SELECT new.id,
        setweight(to_tsvector('english', search_words(coalesce(
            (SELECT string_agg(value, ' ') FROM jsonb_array_elements_text(new.headings)), ''))), 'B')
        || setweight(to_tsvector('english', search_words(coalesce(
            (SELECT string_agg(value, ' ') FROM jsonb_array_elements_text(new.phrasings)), ''))), 'A')
        || setweight(to_tsvector('english', search_words(new.text)), 'D')
    ON CONFLICT (passage_id) DO UPDATE SET document = excluded.document;
    RETURN NULL;
END $$""",
    "search_version_next()": """
CREATE FUNCTION search_version_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_version SET number = number + 1;
    RETURN NULL;
END $$""",
}

# name → table, when and what
POSTGRES_TRIGGERS = {
    "product_search_product": (
        "product",
        f"AFTER INSERT OR UPDATE OF {PRODUCT_TEXT} ON product FOR EACH ROW EXECUTE FUNCTION product_search_of_product()",
    ),
    "product_search_published": (
        "product",
        "AFTER UPDATE OF published ON product FOR EACH STATEMENT EXECUTE FUNCTION search_version_next()",
    ),
    "product_search_variant": (
        "variant",
        "AFTER INSERT OR DELETE OR UPDATE OF options, published ON variant FOR EACH ROW EXECUTE FUNCTION product_search_of_variant()",
    ),
    "passage_search_passage": (
        "passage",
        "AFTER INSERT OR UPDATE OF headings, phrasings, text ON passage FOR EACH ROW EXECUTE FUNCTION passage_search_of_passage()",
    ),
    **{
        f"search_version_{table}": (
            table,
            f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION search_version_next()",
        )
        for table in ("product_search", "passage_search", "product_vector")
    },
}


def upgrade() -> None:
    op.create_table("search_version", sa.Column("number", sa.BigInteger(), nullable=False))
    op.execute("INSERT INTO search_version (number) VALUES (1)")
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgres()
    op.execute("UPDATE product SET title = title")  # what was there before is indexed by its trigger
    op.execute("UPDATE passage SET text = text")


def _upgrade_sqlite() -> None:
    # Full-text rows have integer ids; a product's own rowid is not stable under VACUUM, so it gets one here.
    op.execute(
        "CREATE TABLE product_search_row (id INTEGER PRIMARY KEY, product_id CHAR(32) NOT NULL UNIQUE)"
    )
    op.execute(
        f"CREATE VIRTUAL TABLE product_search USING fts5 (title, vendor, labels, facets, body, {TOKENIZE})"
    )
    op.execute(f"CREATE VIRTUAL TABLE passage_search USING fts5 (headings, phrasings, body, {TOKENIZE})")
    create_sqlite_triggers()


def create_sqlite_triggers() -> None:
    for name, (when, body) in SQLITE_TRIGGERS.items():
        op.execute(sa.text(f"CREATE TRIGGER {name} {when} BEGIN {body} END".replace(":", r"\:")))


def _upgrade_postgres() -> None:
    op.execute(
        "CREATE TABLE product_search (product_id uuid PRIMARY KEY REFERENCES product ON DELETE CASCADE, document tsvector NOT NULL)"
    )
    op.execute(
        "CREATE TABLE passage_search (passage_id bigint PRIMARY KEY REFERENCES passage ON DELETE CASCADE, document tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_product_search_document ON product_search USING gin (document)")
    op.execute("CREATE INDEX ix_passage_search_document ON passage_search USING gin (document)")
    for function in POSTGRES_FUNCTIONS.values():
        op.execute(sa.text(function.replace(":", r"\:")))
    for name, (_, rule) in POSTGRES_TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {rule}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
        tables = ("product_search", "passage_search", "product_search_row")
        functions = ()
    else:
        for name, (table, _) in POSTGRES_TRIGGERS.items():
            op.execute(f"DROP TRIGGER {name} ON {table}")
        tables = ("product_search", "passage_search")
        functions = tuple(POSTGRES_FUNCTIONS)
    for table in (*tables, "search_version"):
        op.execute(f"DROP TABLE {table}")
    for function in functions:
        op.execute(f"DROP FUNCTION {function}")
