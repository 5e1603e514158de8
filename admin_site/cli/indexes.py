"""The command that looks for missing indexes."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from sqlalchemy import Table
from tqdm import tqdm

from admin_site.app import create_app, find_site
from admin_site.config import load_settings
from admin_site.models import Base
from admin_site.ops import index_revisions
from admin_site.ops import indexes as advisor
from admin_site.ops.advice import KEEPING, in_words
from admin_site.ops.status import check_schema


def advise_indexes(
    site: Annotated[
        str, typer.Option("--app", metavar="MODULE:NAME", help="The app whose lists to look at; else ours.")
    ] = "",
    rows: Annotated[
        int, typer.Option("--rows", min=0, metavar="N", help="Leave out tables with fewer rows.")
    ] = advisor.LEAST_ROWS,
    tables: Annotated[
        list[str] | None, typer.Option("--table", metavar="TABLE", help="Only this table; may be repeated.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write a revision of Alembic.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements alone.")] = False,
) -> None:
    """Say which indexes would make the lists quicker.

    With --app those of another app's own tables: what `create_app` returned, as uvicorn names it. The
    revision then goes to the alembic.ini of this folder.
    """
    admin = find_site(site) if site else create_app(load_settings()).state.site
    with admin.database as database:
        check_schema(database)
        listings = [view.listing for view in admin.model_views]
        chosen = partial(_is_chosen, is_ours=not site, names=tables)
        with tqdm(total=advisor.tables_of(listings, chosen), desc="Tables", unit="", disable=None) as bar:
            report = advisor.advise(database, listings, rows, chosen, bar.update)
        dialect = database.engine.dialect
        if sql:
            typer.echo("\n".join(index_revisions.statements(report, dialect)))
            return
        typer.echo("\n".join(in_words(report, rows, dialect.name)))
        if write and report.advice:
            environment = index_revisions.environment(is_ours=not site)
            file = index_revisions.write_revision(report, dialect, environment, is_ours=not site)
            typer.echo(f"Wrote {file}; apply it with `alembic upgrade head`.")
            if site:
                typer.echo(KEEPING)


def _is_chosen(table: Table, *, is_ours: bool, names: Sequence[str] | None) -> bool:
    return (table.metadata is Base.metadata) is is_ours and (not names or table.name in names)
