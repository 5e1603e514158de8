"""Fills a PostgreSQL database with as many people as a comparison asks for."""

from sqlalchemy import Engine, text

from tests.benchmarks.models import Base

COMPANIES = 20_000
RARE, COMMON = "zyzzogeton", "maria"  # words: in about ten names, and in one of every ten

_COMPANIES = """
INSERT INTO companies (id, name)
SELECT n, 'Company ' || md5(n::text) FROM generate_series(1, :number) AS n
"""
_PEOPLE = """
INSERT INTO people (id, name, email, company_id, city, age, is_active, balance, created_at)
SELECT n,
       (ARRAY['Maria','Ahmed','Chen','Devi','Elena','Femi','Grace','Hugo','Ines','Jonas'])[1 + n % 10] || ' '
         || CASE WHEN n % greatest(:number / 10, 1) = 0
                 THEN 'Zyzzogeton' ELSE initcap(substr(md5(n::text), 1, 9)) END,
       substr(md5('mail' || n::text), 1, 12) || '@example.org',
       1 + n % :companies,
       (ARRAY['Lagos','Lima','Pune','Oslo','Kyoto','Quito','Turin'])[1 + n % 7],
       18 + n % 70, n % 3 <> 0, (n % 1000000) / 100.0,
       timestamptz '2020-01-01' + n * interval '17 seconds'
FROM generate_series(1, :number) AS n
"""
_TRIGRAMS = "CREATE INDEX ix_people_{0}_trigrams ON people USING gin ({0} gin_trgm_ops)"


def fill(engine: Engine, people: int) -> bool:
    """Make and fill the tables; return whether contains-searches got the index advised for them."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text(_COMPANIES), {"number": COMPANIES})
        connection.execute(text(_PEOPLE), {"number": people, "companies": COMPANIES})
        has_trigrams = connection.scalar(
            text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        )
        if has_trigrams:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            for name in ("name", "email"):
                connection.execute(text(_TRIGRAMS.format(name)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return bool(has_trigrams)
