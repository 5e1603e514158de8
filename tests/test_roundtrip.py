"""What any value is worth on its way from the database through a form, and back again."""

import json
import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import REAL, func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.database import Database
from admin_site.descriptions import Field, Kind, describe
from admin_site.keys import encode_key
from admin_site.models import AuditEntry
from admin_site.values import to_text
from tests import zoo
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site
from tests.generated import stored_fields, values_of
from tests.zoo import columns, postgresql

MODELS: dict[str, tuple[type, ...]] = {
    "sqlite": (columns.Scalars, columns.Demands, columns.Choices, columns.Decorated),
    "postgresql": (
        columns.Scalars,
        columns.Choices,
        postgresql.Postgres,
        postgresql.Arrays,
        postgresql.Ranges,
    ),
}
CHANGED_ON_THE_WAY = frozenset({"lower", "shouted", "cents"})
"""Columns whose own types store something else than what they are given."""

FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    # Making a failing example smaller takes minutes, and every draw says of which field it is.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def client(database: Database, backend: str) -> TestClient:
    zoo.create(database.engine)
    return a_site(database, models=MODELS[backend])


def a_record(session: Session, model: type) -> Any:
    """Return the record of a class that takes on the values, made when there is none."""
    record = session.scalars(select(model)).first()
    if record is None:
        record = model(**zoo.samples.sample(session, model))
        session.add(record)
        session.flush()
    return record


def told(session: Session, record: Any, fields: list[Field]) -> dict[str, str]:
    """Return what is stored, read anew, as the one text that stands for each value."""
    session.expire(record)
    return {field.name: to_text(field, getattr(record, field.name)) for field in fields}


def meant(texts: dict[str, str], fields: list[Field]) -> dict[str, Any]:
    """Return what the texts mean where a database spells them in its own way: order, noughts."""
    return {field.name: _meant(field, texts[field.name]) for field in fields}


def _meant(field: Field, text: str) -> Any:
    if text and (field.kind is Kind.JSON or (field.item is not None and field.item.kind is Kind.JSON)):
        value = json.loads(text)
        # SQLite keeps a number that is a whole document as one: -3.0 comes back as -3.
        is_whole = isinstance(value, float) and value.is_integer()
        return json.dumps(int(value) if is_whole else value, sort_keys=True)
    if text and isinstance(field.column_type, REAL):  # told with as few digits as make 32 bits
        return struct.pack("f", float(text))
    return Decimal(text) if text and field.kind is Kind.DECIMAL else text


def is_nothing(session: Session, model: type, fields: list[Field]) -> Any:
    """Return which columns hold NULL, which a text does not tell from an empty text."""
    return session.execute(select(*(func.count(getattr(model, field.name)) for field in fields))).one()


@FEW
@given(data=st.data())
def test_a_form_that_is_saved_unchanged_changes_nothing_and_leaves_no_history(
    client, database, backend, data
):
    for model in MODELS[backend]:
        description = describe(model)
        fields = stored_fields(description)
        with database.session() as session:
            record = a_record(session, model)
            for field in fields:
                setattr(
                    record, field.name, data.draw(values_of(field), label=f"{model.__name__}.{field.name}")
                )
            session.flush()
            url = f"/admin/{description.identity}/edit/{encode_key(description, description.key_of(record))}"
        with database.session() as session:
            before = told(session, a_record(session, model), fields), is_nothing(session, model, fields)
            entries = session.scalar(select(func.count()).select_from(AuditEntry))

        answer = client.post(url, data=record_form(client.get(url).text).data())

        assert answer.status_code == 303, answer.text
        with database.session() as session:
            after = told(session, a_record(session, model), fields), is_nothing(session, model, fields)
            assert after == before
            assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries


@FEW
@given(data=st.data())
def test_what_is_typed_is_stored_and_what_the_form_shows_of_it_is_stored_again(
    client, database, backend, data
):
    for model in MODELS[backend]:
        description = describe(model)
        fields = [field for field in stored_fields(description) if _is_typed(field)]
        drawn = {
            field.name: data.draw(
                values_of(field, whole_seconds=True), label=f"{model.__name__}.{field.name}"
            )
            for field in fields
        }
        typed = {field.name: to_text(field, drawn[field.name]) for field in fields}
        page = f"/admin/{description.identity}/create"

        with database.session() as session:
            for record in session.scalars(select(model)):
                session.delete(record)
        first = _add(client, page, typed, fields)
        with database.session() as session:
            record = session.scalars(select(model)).one()
            stored = told(session, record, fields)
            url = f"/admin/{description.identity}/edit/{encode_key(description, description.key_of(record))}"
        shown = dict(record_form(client.get(url).text).pairs)
        with database.session() as session:
            session.delete(session.scalars(select(model)).one())
        second = _add(client, page, {field.name: shown[field.name] for field in fields}, fields)

        assert (first, second) == (303, 303)
        assert meant(stored, fields) == meant(typed, fields)
        with database.session() as session:
            assert told(session, session.scalars(select(model)).one(), fields) == stored


def _add(client: TestClient, page: str, texts: dict[str, str], fields: list[Field]) -> int:
    """Post the form of a new record, files too, and return the status."""
    form = record_form(client.get(page).text).data(**texts)
    empty = {
        f"{field.name}:empty": ["true"] for field in fields if texts[field.name] == "" and not field.nullable
    }
    files = {"blob": ("blob", b"\x00")} if "Demands" in page or "demands" in page else None
    return client.post(page, data=form | empty, files=files).status_code


def _is_typed(field: Field) -> bool:
    """Whether a form takes a text for it, and its type keeps what it is given."""
    return field.kind is not Kind.BINARY and field.name not in CHANGED_ON_THE_WAY
