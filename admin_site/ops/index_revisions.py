"""Advised indexes as what creates them: statements, or a revision of Alembic."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate import render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from alembic.script import ScriptDirectory
from alembic.util import CommandError, rev_id
from sqlalchemy import Dialect, TextClause, text

from admin_site.config import ROOT
from admin_site.errors import ConfigurationError
from admin_site.ops.existing import Part
from admin_site.ops.indexes import Advice, Report

MESSAGE = "Add indexes for lists"
EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public"

_UPGRADE = """\
is_postgresql = op.get_context().dialect.name == "postgresql"
with op.get_context().autocommit_block():
    if is_postgresql:
        # Building an index concurrently waits for long transactions, and keeps nobody waiting meanwhile.
        op.execute("SELECT set_config('lists.lock_timeout', current_setting('lock_timeout'), false)")
        op.execute("SET lock_timeout = 0")
{everywhere}{on_postgresql}    if is_postgresql:
        op.execute("SELECT set_config('lock_timeout', current_setting('lists.lock_timeout'), false)")
"""
_DOWNGRADE = """\
with op.get_context().autocommit_block():
{everywhere}"""


def statements(report: Report, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL that creates the indexes of a report, to run outside any transaction."""
    buffer = StringIO()
    context = MigrationContext.configure(
        dialect=dialect, opts={"as_sql": True, "output_buffer": buffer, "transactional_ddl": False}
    )
    operations = Operations(context)
    if _lacks_extension(report):
        operations.execute(EXTENSION)
    for advice in report.advice:
        operations.invoke(_creation(advice, report, dialect, advice.schema))
    yield from (line for line in buffer.getvalue().splitlines() if line)


def write_revision(report: Report, dialect: Dialect, config: Config, *, is_ours: bool) -> Path:
    """Write the revision that creates the indexes of a report into an environment; return its file.

    The names of our own tables stay without a schema: our migrations run where they are.
    """
    upgrade, downgrade = _bodies(report, dialect, is_ours=is_ours)
    config.cmd_opts = config.cmd_opts or Namespace(quiet=True)  # what its hooks do is nobody's business
    try:
        script = ScriptDirectory.from_config(config).generate_revision(
            rev_id(), MESSAGE, refresh=True, imports="", config=config, upgrades=upgrade, downgrades=downgrade
        )
    except CommandError as error:
        raise ConfigurationError(f"The revision was not written: {error}") from error
    assert script is not None  # noqa: S101 - it was refreshed
    return Path(script.path)


def environment(*, is_ours: bool) -> Config:
    """Return the Alembic environment to write for: our own, or that of the alembic.ini of this folder.

    Raises ConfigurationError where there is none to write to.
    """
    file = ROOT / "alembic.ini" if is_ours else Path("alembic.ini")
    if not file.is_file():
        raise ConfigurationError(
            "The migrations of an installed admin come with its package; --sql prints what to run"
            if is_ours
            else "There is no alembic.ini in this folder to write a revision for; --sql prints what to run"
        )
    return Config(file)


def _bodies(report: Report, dialect: Dialect, *, is_ours: bool) -> tuple[str, str]:
    """Return what stands in the two functions of a revision."""
    everywhere: list[ops.MigrateOperation] = []
    special: list[ops.MigrateOperation] = []
    removals: list[ops.MigrateOperation] = []
    for advice in report.advice:
        place = None if is_ours else advice.schema  # ours are found in whatever schema is looked in
        removals.append(_removal(advice, place))
        kind = special if _is_special(advice) else everywhere
        kind += [removals[-1], _creation(advice, report, dialect, place)]
    if special and _lacks_extension(report):
        special.insert(0, ops.ExecuteSQLOp(EXTENSION))
    guarded = f"    if is_postgresql:\n{_code(special, 8)}" if special else ""
    return (
        _as_body(_UPGRADE.format(everywhere=_code(everywhere, 4), on_postgresql=guarded)),
        _as_body(_DOWNGRADE.format(everywhere=_code(removals, 4))),
    )


def _creation(advice: Advice, report: Report, dialect: Dialect, schema: str | None) -> ops.CreateIndexOp:
    options: dict[str, Any] = {"postgresql_concurrently": True}
    if advice.is_trigram:
        trigrams = f"{report.trigrams.schema or 'public'}.gin_trgm_ops"
        options |= {
            "postgresql_using": "gin",
            "postgresql_ops": {part.column: trigrams for part in advice.parts},
        }
    columns = [_column(part, dialect) for part in advice.parts]
    return ops.CreateIndexOp(advice.name, advice.table, columns, schema=schema, **options)


def _removal(advice: Advice, schema: str | None) -> ops.DropIndexOp:
    """Return what removes an index, and before it is created the rest of an attempt that was interrupted."""
    return ops.DropIndexOp(
        advice.name, advice.table, schema=schema, if_exists=True, postgresql_concurrently=True
    )


def _column(part: Part, dialect: Dialect) -> str | TextClause:
    nulls = {None: "", True: " NULLS FIRST", False: " NULLS LAST"}[part.nulls_first]
    if not part.descending and part.nulls_first is not True:
        return part.column  # upwards, empty values are last by themselves
    direction = " DESC" if part.descending else ""
    nulls = "" if part.descending and part.nulls_first else nulls
    return text(f"{dialect.identifier_preparer.quote(part.column)}{direction}{nulls}")


def _is_special(advice: Advice) -> bool:
    """Whether PostgreSQL alone can have an index."""
    return advice.is_trigram or any(part.nulls_first is not None for part in advice.parts)


def _lacks_extension(report: Report) -> bool:
    return report.trigrams.schema is None and any(advice.is_trigram for advice in report.advice)


def _code(steps: Sequence[ops.MigrateOperation], spaces: int) -> str:
    code = render_python_code(ops.UpgradeOps(list(steps)))
    lines = (line.strip() for line in code.splitlines())
    return "".join(f"{' ' * spaces}{line}\n" for line in lines if line and not line.startswith("#"))


def _as_body(code: str) -> str:
    """Return code as it stands in a function of the template, which indents the first line itself."""
    return indent(code, "    ").strip()
