"""Keys in URLs."""

import random
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, undefer

from admin_site.descriptions import describe
from admin_site.errors import Conflict, NotFound
from admin_site.keys import decode_key, encode_key, find
from admin_site.models import User
from tests import zoo
from tests.conftest import _postgresql_database, _sqlite_url
from tests.zoo import columns, keys, mappings, postgresql, relations

SEGMENT = re.compile(r"[A-Za-z0-9_~;-]+")


@pytest.fixture(scope="module")
def zoo_engine_on(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Engine]]:
    """One zoo for each kind of database, filled when it is first asked for."""
    made: dict[str, Engine] = {}
    with ExitStack() as stack:

        def engine_on(backend: str) -> Engine:
            if backend not in made:
                url = _sqlite_url(tmp_path_factory.mktemp("zoo") / "zoo.sqlite3")
                if backend == "postgresql":
                    server = request.getfixturevalue("postgresql_server")
                    url = stack.enter_context(_postgresql_database(server, "template0"))
                engine = made[backend] = create_engine(url)
                stack.callback(engine.dispose)
                zoo.create(engine)
                with Session(engine) as session:
                    zoo.fill(session)
                    session.commit()
            return made[backend]

        yield engine_on


@pytest.fixture
def zoo_session(zoo_engine_on: Callable[[str], Engine], backend: str) -> Iterator[Session]:
    """A session whose work is undone."""
    with Session(zoo_engine_on(backend)) as session:
        yield session


@pytest.mark.parametrize(
    ("model", "key", "text"),
    [
        (columns.Reading, (42,), "42"),
        (columns.Reading, (-1,), "-1"),
        (keys.TextKey, ("plain",), "plain"),
        (keys.TextKey, ("",), "~"),
        (keys.TextKey, (".",), "~2E"),
        (keys.TextKey, ("..",), "~2E~2E"),
        (keys.TextKey, ("~",), "~7E"),
        (keys.TextKey, ("a/b;c",), "a~2Fb~3Bc"),
        (keys.TextKey, ("é\r\n",), "~C3~A9~0D~0A"),
        (keys.TextKey, ("long" * 100,), "long" * 100),
        (keys.BytesKey, (b"",), "~"),
        (keys.BytesKey, (b"\x00\xff",), "00ff"),
        (keys.DateKey, (date(2026, 3, 1),), "2026-03-01"),
        (keys.InstantKey, (datetime(2026, 3, 1, tzinfo=UTC),), "2026-03-01T00~3A00~3A00~2B00~3A00"),
        (keys.NaturalUuidKey, (uuid.UUID(int=1),), "00000000-0000-0000-0000-000000000001"),
        (keys.ChoiceKey, (columns.Colour.DARK_GREEN,), "dark~2Fgreen"),
        (keys.CompositeKey, ("a;b", 1, date(2026, 3, 1)), "a~3Bb;1;2026-03-01"),
        (keys.CompositeKey, ("", 0, None), "~;0;~~"),
        (postgresql.Host, ("2001:db8::/32",), "2001~3Adb8~3A~3A~2F32"),
    ],
)
def test_a_key_and_its_segment_stand_for_each_other(model, key, text):
    description = describe(model)

    assert encode_key(description, key) == text
    assert decode_key(description, text) == key


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (columns.Reading, ""),
        (columns.Reading, "~"),
        (columns.Reading, "abc"),
        (columns.Reading, "1.0"),
        (columns.Reading, "1;2"),
        (columns.Reading, "1 "),
        (columns.Reading, "٣"),
        (columns.Reading, "9" * 30),
        (columns.Reading, "9" * 10_000),
        (keys.TextKey, "a/b"),
        (keys.TextKey, "a~2f"),
        (keys.TextKey, "a~"),
        (keys.TextKey, "~~~"),
        (keys.TextKey, "~FF"),
        (keys.TextKey, "nul~00"),
        (keys.TextKey, "~ED~A0~80"),
        (keys.TextKey, "\ud800"),
        (keys.BytesKey, "0"),
        (keys.BytesKey, "xy"),
        (keys.DateKey, "2026-02-30"),
        (keys.NaturalUuidKey, "1"),
        (keys.ChoiceKey, "pink"),
        (keys.CompositeKey, "a;1"),
        (keys.CompositeKey, "a;1;2026-03-01;"),
        (keys.CompositeKey, ";1;2026-03-01"),
        (postgresql.Host, "host"),
        (User, "1"),
    ],
)
def test_what_is_no_key_is_not_found(model, text):
    with pytest.raises(NotFound, match=r"^There is no such "):
        decode_key(describe(model), text)


def test_any_text_is_a_key():
    chance = random.Random(1)
    description = describe(keys.CompositeKey)
    for _ in range(3000):
        codes = (chance.choice((chance.randrange(1, 128), chance.randrange(0xE000, 2**20))) for _ in range(6))
        text = "".join(map(chr, codes))
        key = (text, chance.randrange(-(2**31), 2**31), date.fromordinal(chance.randrange(1, 3_000_000)))

        segment = encode_key(description, key)

        assert SEGMENT.fullmatch(segment)
        assert quote(segment, safe="~;") == segment
        assert decode_key(description, segment) == key


def test_different_keys_have_different_segments():
    description = describe(keys.TextKey)
    segments = {encode_key(description, (text,)) for text in keys.AWKWARD_TEXTS}

    assert len(segments) == len(keys.AWKWARD_TEXTS)


def test_any_segment_is_a_key_or_not_found():
    chance = random.Random(2)
    descriptions = [describe(model) for model in keys.MODELS]
    for _ in range(3000):
        segment = "".join(chance.choices("09afAFxZ~~;-_.\0é\n", k=chance.randrange(8)))
        description = chance.choice(descriptions)
        try:
            key = decode_key(description, segment)
        except NotFound:
            continue
        assert decode_key(description, encode_key(description, key)) == key


def test_every_record_is_found_by_its_segment(zoo_session):
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        for record in zoo_session.scalars(select(model)).all():
            segment = encode_key(description, description.key_of(record))

            assert SEGMENT.fullmatch(segment)
            assert find(zoo_session, description, decode_key(description, segment)) is record
        zoo_session.expunge_all()


def test_a_key_that_several_records_have_is_refused_in_words(zoo_session):
    """Tables of a class that has none of its own number their rows each for itself."""
    zoo_session.add_all([mappings.Bond(id=7), mappings.Share(id=7)])
    zoo_session.flush()

    with pytest.raises(Conflict, match="several kinds"):
        find(zoo_session, describe(mappings.Asset), (7,))


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (columns.Reading, (999_999,)),
        (columns.Reading, (2**63 - 1,)),
        (columns.Reading, (2**80,)),
        (columns.Reading, (None,)),
        (columns.Reading, ("abc",)),
        (keys.TextKey, ("nowhere",)),
        (keys.TextKey, ("x" * 1000,)),
        (keys.NaturalUuidKey, (uuid.UUID(int=3),)),
        (keys.ChoiceKey, (columns.Colour.RED,)),
        (keys.ChoiceKey, ("pink",)),
        (keys.CompositeKey, ("a;b", -1, None)),
        (keys.DateKey, ("never",)),
    ],
)
def test_a_key_that_no_record_has_is_not_found(zoo_session, model, key):
    with pytest.raises(NotFound):
        find(zoo_session, describe(model), key)


def test_a_record_of_another_class_is_not_found(zoo_session):
    from tests.zoo.inheritance import Car, Trailer

    trailer = zoo_session.scalars(select(Trailer)).first()

    with pytest.raises(NotFound):
        find(zoo_session, describe(Car), (trailer.id,))


def test_a_number_beyond_its_type_is_found_where_the_database_keeps_it(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'zoo.sqlite3'}")
    zoo.create(engine)
    with Session(engine) as session:
        session.add(keys.NaturalNumberKey(number=2**40))
        session.commit()
        description = describe(keys.NaturalNumberKey)

        assert find(session, description, decode_key(description, str(2**40))).number == 2**40
    engine.dispose()


def test_what_to_load_can_be_said(zoo_session):
    person = zoo_session.scalars(select(columns.Person).where(columns.Person.first_name == "Ada")).one()
    key = describe(columns.Person).key_of(person)
    zoo_session.expunge_all()

    found = find(zoo_session, describe(columns.Person), key, options=[undefer(columns.Person.portrait)])

    assert found.portrait == b"\x89PNG"


def test_a_lost_connection_is_no_missing_record(zoo_session):
    def lose_connection(*_):
        raise OperationalError("SELECT", {}, Exception("gone"))

    event.listen(zoo_session.get_bind(), "before_cursor_execute", lose_connection)
    try:
        with pytest.raises(OperationalError):
            find(zoo_session, describe(relations.Tag), (1,))
    finally:
        event.remove(zoo_session.get_bind(), "before_cursor_execute", lose_connection)
