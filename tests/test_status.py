"""Whether the tables fit the code, said in words."""

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from admin_site.errors import ConfigurationError
from admin_site.ops.revisions import configuration
from admin_site.ops.status import check_schema

BASE = ScriptDirectory.from_config(configuration()).get_base()


def execute(database, statement):
    with database.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_migrated_database_will_do_without_a_word(database):
    assert check_schema(database) == ""


def test_a_database_without_our_tables_is_refused_with_what_to_do(database):
    execute(database, "DROP TABLE admin_site_alembic_version")

    with pytest.raises(
        ConfigurationError, match="does not have the admin's tables; run `python -m admin_site"
    ):
        check_schema(database)


def test_a_database_older_than_the_code_is_refused_with_what_to_do(database):
    execute(database, f"UPDATE admin_site_alembic_version SET version_num = '{BASE}'")

    with pytest.raises(ConfigurationError, match="older than this code; run `python -m admin_site migrate`"):
        check_schema(database)


def test_a_database_newer_than_the_code_will_do_with_a_warning(database):
    execute(database, "UPDATE admin_site_alembic_version SET version_num = 'fromthefuture'")

    assert (
        check_schema(database) == "The database is newer than this code, which lacks revision fromthefuture"
    )


@pytest.mark.parametrize("version", ["version_num", "'fromthefuture'"])
def test_a_database_that_lost_a_table_is_refused_with_its_name(database, version):
    execute(database, f"UPDATE admin_site_alembic_version SET version_num = {version}")
    execute(database, "DROP TABLE viewings")

    with pytest.raises(ConfigurationError, match="gone from the database: viewings"):
        check_schema(database)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_missing_right_to_look_is_said_in_words(database):
    execute(database, "ALTER TABLE admin_site_alembic_version RENAME TO kept")
    execute(database, "CREATE VIEW admin_site_alembic_version AS SELECT 1 / 0 AS version_num")

    with pytest.raises(ConfigurationError, match="cannot be looked at: division by zero"):
        check_schema(database)
