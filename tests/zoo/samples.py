"""The attributes of a valid new record of each class."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.zoo import columns, constraints, inheritance, keys, mappings, names, postgresql, relations
from tests.zoo.base import fresh_number

Sample = Callable[[Session], dict[str, Any]]


def sample(session: Session, model: type) -> dict[str, Any]:
    """Return the attributes of a new record that no stored record stands in the way of.

    Relations that need a record have a stored one, which is made where there is none. Raises KeyError for
    classes no record of which can be made: see `Description.abstract_reason`.
    """
    return SAMPLES[model](session)


def _stored(session: Session, model: type) -> Any:
    record = session.scalars(select(model).limit(1)).first()
    if record is None:
        record = model(**sample(session, model))
        session.add(record)
        session.flush()
    return record


def _unused(session: Session, model: type) -> Any:
    """A record made for the occasion, which nothing refers to yet."""
    record = model(**sample(session, model))
    session.add(record)
    session.flush()
    return record


def _name() -> str:
    return f"fresh {fresh_number()}"


SAMPLES: dict[type, Sample] = {
    columns.Scalars: lambda session: {
        "short": _name(),
        "document": {"a": [1, None]},
        "day": date(2026, 3, 1),
    },
    columns.Demands: lambda session: {
        "name": "",
        "long": "line\nline",
        "number": 0,
        "price": Decimal("0.000"),
        "float_": 0.0,
        "flag": False,
        "day": date(2026, 3, 1),
        "clock": time(0, 0),
        "naive": datetime(2026, 3, 1, 9, 30),
        "instant": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "span": timedelta(),
        "identifier": uuid.UUID(int=fresh_number()),
        "blob": b"\x00",
        "document": 0,
        "mood": columns.Mood.SO_SO,
    },
    columns.Choices: lambda session: {"by_value": columns.Colour.DARK_GREEN, "chosen": columns.Mood.SO_SO},
    columns.Decorated: lambda session: {
        "lower": "small",
        "level": columns.Level.HIGH,
        "cents": Decimal("1.25"),
    },
    columns.Defaults: lambda session: {"name": _name()},
    columns.Limits: lambda session: {
        "positive": 6,
        "percent": 50,
        "code": "abc",
        "part": str(fresh_number())[-3:],
    },
    columns.Person: lambda session: {"first_name": "Ada", "last_name": "Lovelace", "x": 1, "y": 2},
    columns.Product: lambda session: {"name": "Lamp", "price": Decimal("9.90"), "maker": "Someone"},
    columns.Reading: lambda session: {"value": 0.1},
    constraints.Rental: lambda session: {
        "code": f"AB-{fresh_number()}",
        "status": "in_use",
        "guests": 2,
        "starts": date(2026, 3, 1),
        "ends": date(2026, 3, 1),
        "price": Decimal("0.01"),
        "email": f"{fresh_number()}@example.org",
    },
    relations.Tag: lambda session: {"name": _name()},
    relations.Patron: lambda session: {"name": "Reader"},
    relations.Library: lambda session: {"name": "Town library"},
    relations.Shelf: lambda session: {"code": _name(), "library": _stored(session, relations.Library)},
    relations.Visit: lambda session: {"note": "short", "library": _stored(session, relations.Library)},
    relations.Loan: lambda session: {"title": "Emma", "library": _stored(session, relations.Library)},
    relations.Charter: lambda session: {"motto": "Read", "library": _unused(session, relations.Library)},
    relations.Membership: lambda session: {
        "grade": "gold",
        "library": _unused(session, relations.Library),
        "patron": _stored(session, relations.Patron),
    },
    relations.Curator: lambda session: {"name": "Kim", "patron": _unused(session, relations.Patron)},
    relations.Part: lambda session: {"name": "Wheel"},
    relations.Transfer: lambda session: {
        "giver": _stored(session, relations.Patron),
        "taker": _stored(session, relations.Patron),
        "witness_id": _stored(session, relations.Patron).id,
    },
    relations.Building: lambda session: {"street": "High; Street/2", "house": fresh_number(), "storeys": 3},
    relations.Flat: lambda session: {"door": _name(), "building": _stored(session, relations.Building)},
    relations.Planet: lambda session: {"name": "Mars"},
    relations.Moon: lambda session: {"name": "Phobos", "planet": _stored(session, relations.Planet)},
    inheritance.Vehicle: lambda session: {"name": "Sledge"},
    inheritance.Car: lambda session: {"name": "Beetle", "doors": 2},
    inheritance.Taxi: lambda session: {"name": "Cab", "doors": 4, "licence": _name()},
    inheritance.Trailer: lambda session: {"name": "Caravan", "axles": 2},
    inheritance.Circle: lambda session: {"title": "Ring", "radius": 1.5},
    inheritance.Square: lambda session: {"title": "Tile", "side": 2.5},
    inheritance.Employee: lambda session: {"name": "Jo"},
    inheritance.Boss: lambda session: {"name": "Max", "bonus": 10},
    keys.TextKey: lambda session: {"code": f"key/{fresh_number()}", "note": "short"},
    keys.BytesKey: lambda session: {"digest": b"\x00\xff%d" % fresh_number()},
    keys.DateKey: lambda session: {"day": date(2100, 1, 1) + timedelta(days=fresh_number())},
    keys.InstantKey: lambda session: {
        "moment": datetime(2100, 1, 1, tzinfo=UTC) + timedelta(microseconds=fresh_number())
    },
    keys.UuidKey: lambda session: {"note": "short"},
    keys.NaturalUuidKey: lambda session: {"id": uuid.UUID(int=fresh_number())},
    keys.NaturalNumberKey: lambda session: {"number": fresh_number()},
    keys.ChoiceKey: lambda session: {"colour": columns.Colour.RED},
    keys.DecimalKey: lambda session: {"amount": Decimal(fresh_number()) + Decimal("0.25")},
    keys.RenamedKey: lambda session: {"note": "short"},
    keys.CompositeKey: lambda session: {
        "street": "a;b/c",
        "house": fresh_number(),
        "built": date(1900, 1, 1),
    },
    names.Awkward: lambda session: {"meta": "m", "data": "d", "process": "p", "validate": "v"},
    names.Unlike: lambda session: {"headline": _name(), "amount": 3},
    names.TextKey: lambda session: {"name": "Other"},
    mappings.Harbour: lambda session: {"name": _name()},
    mappings.Boat: lambda session: {"name": _name(), "harbour": _stored(session, mappings.Harbour)},
    mappings.Papers: lambda session: {"number": _name(), "boat": _unused(session, mappings.Boat)},
    mappings.Bond: lambda session: {"title": "Treasury", "rate": 3},
    mappings.Share: lambda session: {"title": "Railway", "number": 3},
    postgresql.Postgres: lambda session: {"jsonb": [], "inet": "192.0.2.7", "bits": "0101", "positive": 3},
    postgresql.Arrays: lambda session: {"needed": ["a"], "integers": [1, 2], "texts": ["", "b"]},
    postgresql.Ranges: lambda session: {"int4": postgresql.pg.Range(1, 5)},
    postgresql.Host: lambda session: {"address": f"10.0.{fresh_number() // 250}.{fresh_number() % 250}"},
    postgresql.Ledger: lambda session: {"title": "Costs"},
    postgresql.LedgerLine: lambda session: {
        "position": fresh_number(),
        "words": "Ink",
        "ledger": _stored(session, postgresql.Ledger),
    },
}
