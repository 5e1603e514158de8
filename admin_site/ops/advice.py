"""A report on indexes, in words for a terminal."""

from collections.abc import Iterator

from admin_site.ops.indexes import Advice, Report

INSTALLATION = (
    "install PostgreSQL's contrib modules on its machine (Debian: the package postgresql; Red Hat: "
    "postgresql-contrib), then run this again"
)

KEEPING = (
    "So that autogenerate leaves these indexes alone, let your env.py call context.configure with\n"
    "include_name=is_not_advised (from admin_site.ops.revisions import is_not_advised) and, as it is needed\n"
    "to build indexes concurrently, with transaction_per_migration=True."
)


def in_words(report: Report, least_rows: int, database: str) -> Iterator[str]:
    """Yield the lines of a report."""
    if report.partitioned:
        yield f"PostgreSQL cannot index partitioned tables concurrently: {', '.join(report.partitioned)}."
    if not report.tables:
        yield f"No table that a list reads has {least_rows:,} rows or more: there is nothing to gain."
        return
    if report.advice:
        yield f"{_count(report)} would make lists of {least_rows:,} rows and more quicker, most gain first:"
        yield ""
        for number, advice in enumerate(report.advice, start=1):
            yield from _item(number, advice)
        yield "Each takes room and makes saving a little slower: leave out what nobody sorts or filters by."
    else:
        yield f"The lists of {least_rows:,} rows and more lack no index."
    if report.searches:
        yield f"{_searches(database)} These searches read whole tables: {', '.join(report.searches)}."
    if any(advice.is_trigram for advice in report.advice) and report.trigrams.schema is None:
        yield "The revision also runs CREATE EXTENSION pg_trgm, which the owner of the database may."


def _count(report: Report) -> str:
    number = len(report.advice)
    return "One index" if number == 1 else f"{number} indexes"


def _item(number: int, advice: Advice) -> Iterator[str]:
    table = f"{advice.schema}.{advice.table}" if advice.schema else advice.table
    columns = ", ".join(part.column + (" descending" if part.descending else "") for part in advice.parts)
    kind = ", trigrams" if advice.is_trigram else ""
    yield f"{number:4}. {table}: {columns}{kind}"
    yield f"      {'; '.join(advice.uses)}"
    yield f"      today the database {advice.plan}; about {advice.rows:,} rows"
    yield ""


def _searches(database: str) -> str:
    if database == "postgresql":
        return f"To look inside texts this server lacks the extension pg_trgm: {INSTALLATION}."
    return "SQLite has no index that looks inside texts."
