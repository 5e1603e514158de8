"""Rows that hold what gets lost most easily."""

import math
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, null
from sqlalchemy.dialects.postgresql import BitString, Range
from sqlalchemy.orm import Session

from tests.zoo import columns, constraints, inheritance, keys, mappings, names, postgresql, relations
from tests.zoo.columns import Colour, Level, Mood, Point

EAST = timezone(timedelta(hours=5, minutes=30))
MOMENT = datetime(2026, 3, 1, 9, 30, 0, 1, tzinfo=UTC)
TEXTS = (
    "",
    " ",
    "  spaces around  ",
    "\nleading line end",
    "crlf\r\nin between\r\n",
    "lone\rreturn",
    "mixed\r\nand\nends\r",
    "\ttab",
    "<script>alert(1)</script>",
    "\"quoted\" & 'single'",
    "naïve Ω 日本 \U0001f98a",
    "עברית ‏",
    "null",
    "None",
    "0",
    "=1+1",
    "%_\\",
    "\u200b",
)
DOCUMENTS: tuple[Any, ...] = (
    0,
    [],
    {},
    False,
    "",
    "null",
    None,
    1.0,
    -0.0,
    1e300,
    12345678901234567890,
    [1, [2, [3, {"a": None}]]],
    {"b": 1, "a": {"": [True, "Ω\r\n"]}},
    "text \U0001f98a",
)


def add_portable(session: Session) -> None:
    for add in (_scalars, _other_columns, _relations, _inheritance, _keys, _names, _mappings, _constraints):
        add(session)
        session.flush()


def add_postgresql(session: Session) -> None:
    for add in (_postgres, _arrays, _ranges, _schemas):
        add(session)
        session.flush()


def _scalars(session: Session) -> None:
    session.add(columns.Scalars())
    for number, text in enumerate(TEXTS):
        session.add(
            columns.Scalars(
                short=f"{text}{number or ''}", unlimited=text, description=text, long=text, unicode=text
            )
        )
    for document in DOCUMENTS:
        session.add(columns.Scalars(document=document, document_or_null=document))
    session.add(columns.Scalars(document=null(), tracked={"b": [1], "a": None}))
    session.add(
        columns.Scalars(
            small=-32768,
            number=-2147483648,
            big=-(2**63),
            price=Decimal("-0.100"),
            loose=Decimal("1.50"),
            ratio=0.25,
            float_=0.1,
            exact_float=Decimal("0.5"),
            double=1e-300,
            real=0.5,
            flag=False,
            day=date(1, 1, 1),
            clock=time(23, 59, 59, 999999),
            clock_with_zone=time(9, 30, tzinfo=UTC),
            naive=datetime(1969, 12, 31, 23, 59, 59, 1),
            aware=MOMENT,
            instant=MOMENT.astimezone(EAST),
            span=timedelta(days=-3, hours=4, microseconds=7),
            identifier=uuid.UUID(int=0),
            identifier_text=str(uuid.UUID(int=2**128 - 1)),
            blob=b"",
            short_blob=bytes(range(8)),
        )
    )
    session.add(
        columns.Scalars(
            small=32767,
            number=2147483647,
            big=2**63 - 1,
            price=Decimal("123456789.125"),
            loose=Decimal(0),
            ratio=1234.5678,
            float_=math.inf,
            exact_float=Decimal("-2.25"),
            double=-math.inf,
            real=math.inf,
            flag=True,
            day=date(9999, 12, 31),
            clock=time(0, 0),
            naive=datetime(9999, 12, 31, 23, 59, 59, 999999),
            aware=datetime(2026, 3, 1, tzinfo=UTC),
            instant=datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            span=timedelta(),
            blob=bytes(range(256)),
            short_blob=b"\x00",
        )
    )


def _other_columns(session: Session) -> None:
    everything: dict[str, Any] = {
        "price": Decimal("1.000"),
        "float_": 0.0,
        "flag": False,
        "day": date(2026, 3, 1),
        "clock": time(0, 0, 0, 1),
        "naive": datetime(2026, 3, 1),
        "instant": MOMENT,
        "span": timedelta(),
        "identifier": uuid.UUID(int=7),
        "blob": b"",
        "mood": Mood.HAPPY,
    }
    session.add_all(
        [
            columns.Demands(name="", long="", number=0, document=None, **everything),
            columns.Demands(name=" ", long="\n", number=-1, document=[], **everything),
            columns.Choices(),
            columns.Choices(
                by_name=Colour.RED,
                by_value=Colour.BLUE,
                not_native=Colour.DARK_GREEN,
                mood=Mood.SO_SO,
                plain="Ü ß",
                level=Level.LOW,
                chosen=Mood.SO_SO,
            ),
            columns.Choices(by_value=Colour.DARK_GREEN, plain="A-", level=Level.HIGH),
            columns.Decorated(),
            columns.Decorated(
                lower="lower",
                shouted="LOUD",
                plain=Decimal("1.50"),
                json_text={"b": 1, "a": [None]},
                unsaid=[1, 2],
                level=Level.HIGH,
                cents=Decimal("12.34"),
                utc=MOMENT,
                guid=uuid.UUID(int=5),
                point=Point(1, -2),
                pickled={"set": {1, 2}},
                version="1.2.3",
                reversed=("abc",),
            ),
            columns.Defaults(name="first"),
            columns.Defaults(name="second", scalar=0, server=""),
            columns.Limits(positive=6, percent=0, price=Decimal("0.01"), share=0.0, word="yes"),
            columns.Limits(positive=7, percent=100, price=Decimal("1000.50"), share=1.0, code="a", part="b"),
            columns.Person(
                first_name="Ada",
                last_name="Lovelace",
                born=date(1815, 12, 10),
                x=1,
                y=2,
                secret_word="canary-of-the-zoo",
                biography="Long\r\nlife",
                portrait=b"\x89PNG",
            ),
            columns.Person(first_name="", last_name="Nobody"),
            columns.Product(name="Lamp", price=Decimal("9.90"), maker="Someone", tags=["a", "b"]),
            columns.Product(name="Chair", price=Decimal("0.00"), maker="", note=""),
            columns.Reading(value=0.1),
            columns.Reading(value=-1e-7, is_valid=False),
        ]
    )


def _relations(session: Session) -> None:
    tags = [relations.Tag(name=name) for name in ("old", "new", "a, b; c/d")]
    patrons = [relations.Patron(name=name) for name in ("Ann", "Bob", "")]
    libraries = [relations.Library(name=name) for name in ("Main", "Branch", "Empty")]
    session.add_all([*tags, *patrons, *libraries])
    main, branch, _ = libraries
    main.tags.extend(tags[:2])
    main.patrons.update(patrons[:2])
    for code in ("A", "b/c", "odd"):
        shelf = relations.Shelf(code=code)
        main.shelves[code] = shelf
    for library in (main, branch):
        library.visits.append(relations.Visit(note=None))
        library.visits.append(relations.Visit(note="rainy"))
        library.loans.add(relations.Loan(title="Emma"))
        library.charter = relations.Charter(motto=f"Read at {library.name}")
    session.add_all(
        relations.Membership(library=library, patron=patrons[0], grade="gold") for library in (main, branch)
    )
    session.flush()
    session.add_all(relations.Curator(patron=patron, name="Kim") for patron in patrons[:2])
    bicycle = relations.Part(name="Bicycle")
    wheel = relations.Part(name="Wheel", whole=bicycle)
    session.add_all([bicycle, wheel, relations.Part(name="Spoke", whole=wheel), relations.Part(name="Wheel")])
    session.add_all(
        relations.Transfer(giver=giver, taker=patrons[1], to=0, witness_id=witness, seen_by=seen_by)
        for giver, witness, seen_by in ((patrons[0], None, None), (patrons[1], patrons[2].id, "a, b; c/d"))
    )
    for street, house in (("High; Street", 1), ("Low/Road", -2)):
        building = relations.Building(street=street, house=house)
        building.flats = [relations.Flat(door="left"), relations.Flat(door="")]
        session.add(building)
    for name in ("Mars", "Jupiter"):
        session.add(relations.Planet(name=name, moons=[relations.Moon(name=f"{name} {n}") for n in (1, 2)]))


def _inheritance(session: Session) -> None:
    for n in (1, 2):
        trailer = inheritance.Trailer(name=f"Trailer {n}", axles=n)
        boss = inheritance.Boss(name=f"Boss {n}", bonus=n)
        session.add_all(
            [
                inheritance.Vehicle(name=f"Sledge {n}"),
                inheritance.Car(name=f"Car {n}", doors=n, trailer=trailer),
                inheritance.Taxi(name=f"Taxi {n}", doors=4, licence=f"L/{n}"),
                inheritance.Circle(title=None, radius=n / 3),
                inheritance.Square(title=f"Square {n}", side=float(n)),
                inheritance.Employee(name=f"Worker {n}", boss=boss),
            ]
        )


def _keys(session: Session) -> None:
    session.add_all(keys.TextKey(code=code, note=code) for code in keys.AWKWARD_TEXTS)
    session.add_all(keys.BytesKey(digest=digest) for digest in (b"", b"\x00", b"\xff/;~"))
    session.add_all(keys.DateKey(day=day) for day in (date(1, 1, 1), date(2026, 3, 1)))
    session.add_all(keys.InstantKey(moment=moment) for moment in (MOMENT, datetime(1970, 1, 1, tzinfo=UTC)))
    session.add_all(keys.UuidKey(note=note) for note in (None, "", "x"))
    session.add_all(keys.NaturalUuidKey(id=uuid.UUID(int=number)) for number in (0, 2**128 - 1))
    session.add_all(keys.NaturalNumberKey(number=number) for number in (-5, 0, 7))
    session.add_all(keys.ChoiceKey(colour=colour) for colour in (Colour.DARK_GREEN, Colour.BLUE))
    session.add_all(keys.DecimalKey(amount=Decimal(amount)) for amount in ("0.00", "-1.50", "1000.25"))
    session.add_all(keys.RenamedKey(note=note) for note in (None, "x"))
    session.add_all(
        keys.CompositeKey(street=street, house=house, built=date(2026, 3, 1), note=street)
        for street, house in (("", 0), ("a;b", -1), ("~;~~", 2147483647), ("x\n", 1))
    )


def _names(session: Session) -> None:
    words = [
        "meta",
        "data",
        "process",
        "validate",
        "errors",
        "class_",
        "metadata_",
        "_private",
        "self",
        "get",
    ]
    session.add_all(
        [names.Awkward(), names.Awkward(**{word: f"value of {word}" for word in words if word != "self"})]
    )
    above = names.Unlike(headline="above", amount=0)
    session.add(above)
    session.flush()
    session.add(names.Unlike(headline="below", text_code="a/b", above_number=above.number))
    session.add_all(names.TextKey(name=name) for name in ("one", "two"))


def _constraints(session: Session) -> None:
    first = constraints.Rental(
        code="AB-123",
        status="closed",
        guests=8,
        starts=date(2000, 1, 1),
        ends=date(2000, 1, 1),
        price=Decimal("0.01"),
        discount=Decimal("0.01"),
        email="Ada@example.org",
        plate="X 1",
        room="7",
        note=" by the sea ",
        nights=14,
    )
    second = constraints.Rental(code="ZZ-99999", status="in_use", plate="X 1", is_active=False, twin=first)
    session.add_all([first, second])


def _postgres(session: Session) -> None:
    session.add(postgresql.Postgres())
    for document in DOCUMENTS:
        session.add(postgresql.Postgres(jsonb=document, jsonb_or_null=document, json=document))
    session.add(postgresql.Postgres(jsonb=null(), json=null()))
    session.add(
        postgresql.Postgres(
            inet="2001:db8::7",
            cidr="192.0.2.0/24",
            mac="08:00:2b:01:02:03",
            mac8="08:00:2b:01:02:03:04:05",
            money="-$1,234.50",
            bits=BitString("0101"),
            bits_varying=BitString(""),
            words="a fat cat",
            plain_vector="'cat':3 'fat':2",
            ts_query="'fat' & 'rat'",
            oid=2**32 - 1,
            reg_class="zoo_postgres",
            positive=1,
            post_code="01234",
            interval=timedelta(days=-3, hours=4, microseconds=7),
            short_interval=timedelta(milliseconds=7),
            timestamp=datetime(2026, 3, 1, 9, 30, 0, 123000),
            clock=time(9, 30, 0, 1, tzinfo=EAST),
            native=Colour.DARK_GREEN,
            raw=b"\x00\xff",
            exact=Decimal("12345678901234567890.0123456789"),
            double=math.nan,
        )
    )
    session.add(
        postgresql.Postgres(
            inet="192.0.2.7/24",
            cidr="2001:db8::/32",
            money="$0.00",
            bits_varying=BitString("0011"),
            interval=timedelta(days=40000),
            clock=time(0, 0, tzinfo=UTC),
            exact=Decimal("0E-10"),
            double=math.inf,
        )
    )


def _arrays(session: Session) -> None:
    empty: dict[str, Any] = {
        name: []
        for name in (
            "integers",
            "texts",
            "uuids",
            "dates",
            "colours",
            "decimals",
            "floats",
            "flags",
            "moments",
        )
    }
    session.add(postgresql.Arrays(needed=[]))
    session.add(
        postgresql.Arrays(needed=[""], **empty, addresses=[], documents=[], matrix=[], pair=(), raws=[])
    )
    session.add(
        postgresql.Arrays(
            needed=["b", "a", "b"],
            integers=[3, None, -1],
            texts=["", " ", "null", "NULL", 'a "quoted", comma', "back\\slash", "{braces}", "crlf\r\n", "Ω"],
            uuids=[uuid.UUID(int=1), uuid.UUID(int=0)],
            dates=[date(2026, 3, 1), date(1, 1, 1)],
            colours=[Colour.BLUE, Colour.RED, Colour.DARK_GREEN],
            decimals=[Decimal("1.50"), Decimal("0.00")],
            floats=[0.1, math.inf, math.nan],
            flags=[True, False],
            moments=[MOMENT],
            addresses=["192.0.2.7"],
            documents=[{"a": [1]}, 0, "x"],
            matrix=[[1, 2], [3, 4]],
            pair=(1, 2),
            periods=[Range(date(2026, 1, 1), date(2026, 2, 1))],
            raws=[b"\x00", b""],
        )
    )
    session.add(postgresql.Arrays(needed=["x"], integers=[[1, 2], [3, None]], texts=[["a"], ["b"]]))


def _ranges(session: Session) -> None:
    session.add(postgresql.Ranges())
    session.add(
        postgresql.Ranges(
            int4=Range(1, 5),
            int8=Range(None, 2**62, bounds="()"),
            num=Range(Decimal("0.50"), Decimal("1.50"), bounds="[]"),
            dates=Range(date(2026, 1, 1), None),
            ts=Range(datetime(2026, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 2), bounds="(]"),
            tstz=Range(MOMENT, None),
            int4s="{[1,3),[7,9)}",
            date_ranges="{}",
            tstzs="{[2026-03-01T09:30:00.000001+00:00,)}",
        )
    )
    session.add(
        postgresql.Ranges(
            int4=Range(empty=True), num=Range(None, None, bounds="()"), int8=Range(-5, -5, bounds="[]")
        )
    )


def _schemas(session: Session) -> None:
    for address in ("192.0.2.1", "2001:db8::/32"):
        session.add(postgresql.Host(address=address, name=address))
    session.flush()
    for title, address in (("Costs", None), ("Gains", "192.0.2.1")):
        lines = [postgresql.LedgerLine(position=position, words="Ink") for position in (1, 2)]
        session.add(postgresql.Ledger(title=title, address=address, lines=lines))


def _mappings(session: Session) -> None:
    for n in (1, 2):
        harbour = mappings.Harbour(name=f"Harbour {n}", depth=n)
        boat = mappings.Boat(name=f"Boat {n}", harbour=harbour, home=harbour if n == 1 else None)
        session.add_all(
            [
                mappings.Papers(number=f"{n}/{n}", boat=boat),
                mappings.Bond(title=None, rate=n),
                mappings.Share(id=100 + n, title=f"Share {n}", number=n),
            ]
        )
    # SQLAlchemy saves nothing of a class that refers to a table it does not know.
    strays = mappings.metadata.tables["zoo_strays"]
    session.connection().execute(insert(strays), [{"name": "Cat"}, {"name": "Dog", "owner_id": 7}])
