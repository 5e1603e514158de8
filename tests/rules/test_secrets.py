"""Rule 25: secrets are nowhere to be read."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import Column, String, Text, inspect, select, update

from admin_site.database import Database
from admin_site.descriptions import describe, mapped_classes
from admin_site.exporting import FORMATS
from admin_site.models import (
    Base,
    Draft,
    LinkPurpose,
    RecoveryCode,
    SecondFactor,
    Throttle,
    utc_now,
)
from admin_site.security.tokens import hash_token
from admin_site.seed import seed
from admin_site.services.links import create_link
from admin_site.services.sessions import start_session
from tests import zoo
from tests.admin.sites import a_site
from tests.factories import PASSWORD, make_user
from tests.rules.crawl import crawl

CANARY = "canary-7f3a9e51"
PLAIN = "Adelheid-7f3a9e51"  # beside the secrets, to see that the walk passes where they are


@pytest.fixture
def secrets(database: Database, backend: str) -> set[str]:
    """Store a secret in every column that is one, ours and the zoo's, and return them all."""
    zoo.create(database.engine)
    with database.session() as session:
        zoo.fill(session)
    seed(database, people=6)
    with database.session() as session:
        ada = make_user(session, password=PASSWORD, user_name="ada", first_name=PLAIN)
        session.add(SecondFactor(user=ada, secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", confirmed_at=utc_now()))
        session.add(RecoveryCode(user=ada, code_hash=hash_token(f"{CANARY}-recovery")))
        session.add(Throttle(key=hash_token("ada"), failures=3, failed_at=utc_now()))
        session.add(Draft(user=ada, address="/admin/user/create", fields=[["first_name", f"{CANARY}-draft"]]))
        known = {
            PASSWORD,
            f"{CANARY}-draft",
            start_session(session, ada),
            create_link(session, ada, LinkPurpose.RESET_PASSWORD).token,
        }
    for model in _models(backend):
        known |= _fill(database, model)
    return {secret for secret in known if len(secret) >= 8}


def _models(backend: str) -> list[type]:
    """Return our own models, and those of the zoo that have secrets."""
    others = [
        model for model in zoo.models_on(backend) if any(field.secret for field in describe(model).fields)
    ]
    assert others
    return [*mapped_classes([Base]), *others]


def _fill(database: Database, model: type) -> set[str]:
    """Put canaries into the secret texts of a model that are empty, and return what all of them hold."""
    description = describe(model)
    found: set[str] = set()
    for name in [field.name for field in description.fields if field.secret and field.column is not None]:
        column = inspect(model).column_attrs[name].columns[0]
        with database.engine.begin() as connection:
            if _holds_plain_text(column):
                canary = f"{CANARY}-{column.table.name}-{column.name}"[: column.type.length]
                connection.execute(update(column.table).where(column.is_(None)).values({column: canary}))
            rows = connection.execute(select(column).where(column.is_not(None))).all()
        found |= {value for (value,) in rows if isinstance(value, str)}
    return found


def _holds_plain_text(column: Column[Any]) -> bool:
    return type(column.type) in (String, Text) and not column.unique


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_rule_25_no_page_or_log_holds_a_secret(database, backend, secrets, told):
    client = a_site(database, models=_models(backend))
    secrets |= {client.cookies[client.app.state.site.cookie.name]}
    addresses, told_of_her = [], 0

    for address, answer in crawl(client):
        addresses.append(address)
        told_of_her += PLAIN in answer.text
        expect_none(secrets, address, answer)

    assert len(addresses) > 300, "the walk led nowhere"
    assert told_of_her > 20
    assert not [secret for secret in secrets if secret in told.text]


def test_rule_25_no_export_answer_to_a_script_or_error_holds_a_secret(database, backend, secrets, told):
    client = a_site(database, models=_models(backend))
    views = client.app.state.site.model_views
    exports = [f"{view.identity}/export/{name}" for view in views for name in FORMATS]
    lookups = [
        f"{view.identity}/ajax/lookup?name={item.name}"
        for view in views
        for item in view.description.relations
    ]
    wrong = [
        f"{view.identity}/{page}/{key}"
        for view in views
        for page in ("details", "edit")
        for key in ("nobody", "%00")
    ]

    for address in [f"/admin/{path}" for path in (*exports, *lookups, *wrong)]:
        expect_none(secrets, address, client.get(address, headers={"Accept": "application/json"}))

    assert not [secret for secret in secrets if secret in told.text]


def test_rule_25_secrets_are_no_columns_filters_sorts_or_searches(database, backend, secrets):
    client = a_site(database, models=_models(backend))
    tried = 0

    for view in client.app.state.site.model_views:
        for field in view.description.fields:
            if not field.secret:
                continue
            tried += 1
            for query in (
                f"sort={field.name}",
                f"{field.name}=a",
                f"{field.name}__contains=a",
                f"columns={field.name}",
            ):
                answer = client.get(f"/admin/{view.identity}/list?{query}")
                assert answer.status_code == 400, f"{view.identity} {query}"
            for page in ("filters", "filters/counts", "export/csv", "sort"):
                answer = client.get(f"/admin/{view.identity}/{page}?:name={field.name}&:columns={field.name}")
                expect_none(secrets, page, answer)
    assert tried >= 8


def expect_none(secrets: set[str], address: str, answer: Response) -> None:
    body = answer.content.decode("utf-8", "replace") + str(answer.headers)
    found = [secret for secret in secrets if secret in body]
    assert not found, f"{address} tells {found}"
