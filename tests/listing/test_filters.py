"""Every filter a description offers, on every class of the zoo."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.keys import encode_key
from admin_site.listing import (
    Condition,
    Control,
    Listing,
    ListQuery,
    count,
    fetch,
    filters_of,
    named,
    neighbours,
)
from admin_site.listing.filters import FieldFilter, RelationFilter
from admin_site.listing.presence import AnyFilter, EmptyFilter
from admin_site.models import CredentialToken, Enrollment, Item, LinkPurpose, Role, User, UserType, utc_now
from admin_site.values import to_text
from tests import zoo
from tests.factories import make_role, make_user
from tests.zoo import columns, relations


def test_every_filter_and_its_opposite_divide_the_rows_between_them(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        total = count(zoo_session, listing, ListQuery.parse([], listing)).number
        for name, texts in _examples(zoo_session, listing):
            some = _count(zoo_session, listing, *((name, text) for text in texts))
            others = _count(zoo_session, listing, *((f"{name}__not", text) for text in texts))
            assert some + others == total, (model, name, texts)


def test_equality_finds_the_row_whose_value_it_was(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        for row in zoo_session.scalars(select(model)):
            for name, item in listing.filters.items():
                if not isinstance(item, FieldFilter) or name != item.field.name:
                    continue
                value = getattr(row, name)
                text = to_text(item.field, value)
                if text and "\0" not in text and value == value and not _is_rounded(item, value):
                    query = ListQuery.parse([(name, _typed(item, text))], listing).with_(size=100)
                    assert row in fetch(zoo_session, listing, query).rows, (model, name, text)


def test_a_chip_leads_to_a_url_that_makes_the_same_chip(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        for name, texts in _examples(zoo_session, listing):
            for parameter in (name, f"{name}__not"):
                query = ListQuery.parse([(parameter, text) for text in texts], listing)
                again = ListQuery.parse(query.to_pairs(), listing)
                assert again == query
                assert again.to_pairs() == query.to_pairs()
                assert again.conditions[0].sentence == query.conditions[0].sentence != ""


def test_no_filter_looks_at_a_secret(zoo_session: Session) -> None:
    listing = Listing.of(describe(columns.Person))

    assert not [name for name in listing.filters if "secret" in name]
    for name in (
        "secret_word",
        "secret_word__empty",
        "alias_of_secret__starts",
        "secret_length",
        "secret_hint",
    ):
        with pytest.raises(BadRequest):
            ListQuery.parse([(name, "c")], listing)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("age__gte", "18")], "Age is at least 18"),
        ([("age", "18"), ("age", "5")], "Age is 18 or 5"),
        ([("age__lt__not", "18")], "Age is not under 18"),
        ([("first_name__not", "Ann"), ("first_name__not", "Bob")], "First name is not Ann or Bob"),
        ([("is_active", "yes")], "Active is yes"),
        ([("first_name__contains", "nn")], "First name contains nn"),
        ([("first_name__contains__not", "nn")], "First name does not contain nn"),
        ([("last_name__empty", "yes")], "Last name is empty"),
        ([("last_name__empty", "no")], "Last name is not empty"),
        ([("created_at__lte", "2026-03-01")], "Created until 2026-03-01"),
        ([("created_at", "2026-03-01")], "Created on 2026-03-01"),
        ([("created_at", "2026-03")], "Created in March 2026"),
        ([("created_at", "2026")], "Created in 2026"),
        ([("created_at", "last-7-days")], "Created in the last 7 days"),
        ([("created_at", "today"), ("created_at", "2026-03")], "Created in March 2026 or today"),
        ([("created_at__not", "last-week")], "Created not last week"),
        ([("created_at__gte", "2026-03-01T10:30")], "Created from 2026-03-01 10:30"),
        ([("last_login", "this-month")], "Last login is this month"),
        ([("last_login__gt", "yesterday")], "Last login is after yesterday"),
        ([("last_login__not", "2026-03-01")], "Last login is not on 2026-03-01"),
        ([("roles__any", "yes")], "Has any roles"),
        ([("roles__any", "no")], "Has no roles"),
        ([("user_type__empty", "yes")], "User type is empty"),
    ],
)
def test_conditions_read_as_sentences(pairs: list[tuple[str, str]], sentence: str) -> None:
    query = ListQuery.parse(pairs, Listing.of(describe(User)))

    assert [condition.sentence for condition in query.conditions] == [sentence]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("age__gte", "abc", "Age"),
        ("age", "99999999999999999999999", "Age"),
        ("is_active", "maybe", "yes or no"),
        ("is_active", "unset", "yes or no"),
        ("created_at", "2026-02-30", "date"),
        ("created_at__gte", "someday", "date"),
        ("created_at__lte", "0000-12-31", "date"),
        ("user_id", "12", "UUID"),
        ("user_type", "x", "no record"),
        ("user_type", "1;2", "no record"),
        ("last_name__empty", "perhaps", "yes or no"),
        ("age__contains", "1", "no filter"),
        ("password_hash", "x", "no filter"),
        ("nothing", "x", "no filter"),
        ("first_name", "x\0", "character"),
        ("first_name__contains", "x" * 1001, "1,000"),
    ],
)
def test_malformed_filters_are_refused_in_words(name: str, text: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        ListQuery.parse([(name, text)], Listing.of(describe(User)))


def test_filters_of_different_fields_hold_together_and_texts_of_one_in_place_of_each_other(
    session: Session,
) -> None:
    for age, is_active in ((10, True), (20, True), (30, True), (10, False)):
        make_user(session, age=age, is_active=is_active)

    assert _ages(session, ("age", "10"), ("age", "20"), ("is_active", "yes")) == [10, 20]
    assert _ages(session, ("age__gte", "15"), ("age__lt", "30")) == [20]
    assert _ages(session, ("age__not", "10")) == [20, 30]


def test_not_includes_rows_without_a_value(session: Session) -> None:
    make_user(session, first_name="Ann", age=1)
    make_user(session, first_name=None, age=2)

    assert _ages(session, ("first_name__not", "Ann")) == [2]
    assert _ages(session, ("first_name__contains__not", "n")) == [2]


def test_empty_texts_are_empty_too(session: Session) -> None:
    for age, name in enumerate(("Ann", "", None), start=1):
        make_user(session, first_name=name, age=age)

    assert _ages(session, ("first_name__empty", "yes")) == [2, 3]
    assert _ages(session, ("first_name__empty", "no")) == [1]


def test_a_date_stands_for_its_whole_day_in_the_viewers_zone(session: Session) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    midnight = datetime(2026, 3, 1, tzinfo=east)
    for age, minutes in ((1, -1), (2, 0), (3, 60 * 24 - 1), (4, 60 * 24)):
        make_user(session, age=age, created_at=midnight + timedelta(minutes=minutes))
    expected = {"": [2, 3], "__gte": [2, 3, 4], "__gt": [4], "__lte": [1, 2, 3], "__lt": [1], "__not": [1, 4]}

    for suffix, ages in expected.items():
        assert _ages(session, (f"created_at{suffix}", "2026-03-01"), zone=east) == ages, suffix


def test_a_moment_without_a_zone_is_one_of_the_viewer(session: Session) -> None:
    west = timezone(timedelta(hours=-8))
    make_user(session, age=1, last_login=datetime(2026, 3, 1, 18, tzinfo=UTC))

    assert _ages(session, ("last_login", "2026-03-01T10:00"), zone=west) == [1]
    assert _ages(session, ("last_login", "2026-03-01T18:00+00:00"), zone=west) == [1]
    assert _ages(session, ("last_login", "2026-03-01T10:00")) == []


def test_choices_are_found_by_what_the_database_stores(session: Session) -> None:
    person = make_user(session)
    for purpose in LinkPurpose:
        session.add(
            CredentialToken(
                user=person, purpose=purpose, token_hash=purpose, created_at=utc_now(), expires_at=utc_now()
            )
        )
    session.flush()
    listing = Listing.of(describe(CredentialToken))
    choices = dict(listing.filters["purpose"].choices)

    assert _count(session, listing, *(("purpose", text) for text in choices)) == 2
    assert _count(session, listing, ("purpose", next(iter(choices)))) == 1


def test_related_records_are_found_by_their_keys(session: Session) -> None:
    staff, pupil = UserType(name="Staff"), UserType(name="Pupil")
    reader, writer = make_role(session), make_role(session)
    make_user(session, age=1, user_type=staff, roles=(reader, writer))
    make_user(session, age=2, user_type=pupil, roles=(writer,))
    make_user(session, age=3)

    assert _ages(session, ("user_type", str(staff.user_type_id))) == [1]
    assert _ages(session, ("user_type__not", str(staff.user_type_id))) == [2, 3]
    assert _ages(session, ("user_type__empty", "yes")) == [3]
    assert _ages(session, ("roles", str(reader.role_id)), ("roles", str(writer.role_id))) == [1, 2]
    assert _ages(session, ("roles__not", str(reader.role_id))) == [2, 3]
    assert _ages(session, ("roles__any", "no")) == [3]
    assert _ages(session, ("roles__any", "yes")) == [1, 2]


def test_related_records_are_named_by_their_labels(session: Session) -> None:
    reader, writer = make_role(session, name="Reader"), make_role(session, name="Writer")
    pairs = [("roles", str(role.role_id)) for role in (reader, writer)]
    query = ListQuery.parse([*pairs, ("age", "3"), ("user_type", "77")], Listing.of(describe(User)))

    sentences = [condition.sentence for condition in named(session, query.conditions)]

    assert sentences == ["Age is 3", "Roles include Reader or Writer", "User type is 77"]


def test_the_key_of_a_record_that_may_not_be_seen_is_the_key_of_none(session: Session) -> None:
    role = make_role(session, name="Hidden")
    query = ListQuery.parse([("roles", str(role.role_id))], Listing.of(describe(User)))

    with pytest.raises(BadRequest, match="there is no record"):
        named(session, query.conditions, {Role: lambda found: found.where(Role.name != "Hidden")})


def test_whether_there_are_any_of_those_that_may_not_be_seen_cannot_be_asked() -> None:
    listing = Listing.of(describe(User)).scoped(
        None, {Role: lambda found: found.where(Role.name != "Hidden")}
    )

    for name in ("roles__any", "roles__any__not"):
        with pytest.raises(BadRequest, match="no filter"):
            ListQuery.parse([(name, "yes")], listing)
    assert ListQuery.parse([("items__any", "yes")], listing).conditions[0].sentence == "Has any items"


def test_filters_reach_over_relations_by_dotted_names(session: Session) -> None:
    pupil = UserType(name="Pupil")
    owner = make_user(session, user_type=pupil, first_name="Ann")
    owner.items = [Item(title="one"), Item(title="two")]
    session.flush()
    description = describe(Item)
    listing = Listing.of(
        description,
        filters=filters_of(description, ["owner.first_name", "owner.user_type", "owner.items.title"]),
    )

    assert _count(session, listing, ("owner.first_name__starts", "a")) == 2
    assert _count(session, listing, ("owner.user_type", str(pupil.user_type_id))) == 2
    assert _count(session, listing, ("owner.items.title", "one")) == 2
    assert _count(session, listing, ("owner.items.title__not", "one")) == 0


def test_a_field_with_the_name_of_a_parameter_is_filtered_by_is(zoo_session: Session) -> None:
    from tests.zoo.names import Awkward

    listing = Listing.of(describe(Awkward), sortable=("page",), default_sort=(("page", False),))

    query = ListQuery.parse([("sort__is", "x"), ("page__is", "x"), ("meta__is", "y")], listing)

    assert [name for name, _ in query.to_pairs()] == ["meta", "page__is", "sort__is"]


def test_relative_days_are_those_of_the_viewer_and_stay_words_in_the_url(session: Session) -> None:
    east = timezone(timedelta(hours=14))
    today = datetime.now(east).replace(hour=0, minute=0, second=0, microsecond=0)
    for age, moment in enumerate((today - timedelta(seconds=1), today, today + timedelta(days=1)), start=1):
        make_user(session, age=age, created_at=moment)

    assert _ages(session, ("created_at", "today"), zone=east) == [2]
    assert _ages(session, ("created_at", "yesterday"), ("created_at", "tomorrow"), zone=east) == [1, 3]
    assert _ages(session, ("created_at__lt", "today"), zone=east) == [1]
    assert _ages(session, ("created_at__gt", "today"), zone=east) == [3]
    assert _ages(session, ("created_at", "last-2-days"), zone=east) == [1, 2]
    assert _ages(session, ("created_at", "next-2-days"), zone=east) == [2, 3]
    listing = Listing.of(describe(User))
    query = ListQuery.parse([("created_at", "last-7-days")], listing, east)
    assert query.to_pairs() == [("created_at", "last-7-days")]


def test_years_and_months_are_asked_for_by_their_names(session: Session) -> None:
    for age, day in enumerate(((2025, 12, 31), (2026, 1, 1), (2026, 1, 31), (2026, 2, 1)), start=1):
        make_user(session, age=age, created_at=datetime(*day, tzinfo=UTC))

    assert _ages(session, ("created_at", "2026")) == [2, 3, 4]
    assert _ages(session, ("created_at", "2026-01")) == [2, 3]
    assert _ages(session, ("created_at__gt", "2026-01")) == [4]
    assert _ages(session, ("created_at__lte", "2026-01")) == [1, 2, 3]
    assert _ages(session, ("created_at__not", "2026-01")) == [1, 4]
    assert _ages(session, ("created_at", "9999")) == []
    assert _ages(session, ("created_at__lte", "9999")) == [1, 2, 3, 4]


def test_a_filter_of_someone_elses_may_change_the_whole_select(session: Session) -> None:
    class Named:
        label, control, choices = "Initial", Control.CHOICES, (("a", "A"), ("b", "B"))

        def parse(self, name, texts, zone) -> Condition:
            return Condition(
                parameter=name,
                texts=tuple(texts),
                subject=self.label,
                verb="is",
                shown=tuple(texts),
                statement=lambda people: people.where(User.first_name.startswith(texts[0])),
            )

    for age, name in enumerate(("anna", "bob", "ben"), start=1):
        make_user(session, first_name=name, age=age)
    listing = Listing.of(describe(User), filters={"initial": Named()})
    query = ListQuery.parse([("initial", "b"), ("sort", "age")], listing)

    assert [person.age for person in fetch(session, listing, query).rows] == [2, 3]
    assert count(session, listing, query).number == 2
    assert query.conditions[0].sentence == "Initial is b"
    assert ListQuery.parse(query.to_pairs(), listing) == query
    assert neighbours(session, listing, query, fetch(session, listing, query).rows[0])[0] is None
    with pytest.raises(BadRequest, match="no opposite"):
        ListQuery.parse([("initial__not", "b")], listing)


def test_every_filter_says_how_it_is_asked(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        for name, item in Listing.of(describe(model)).filters.items():
            assert item.label, name
            assert item.control in Control
            assert bool(item.choices) == (item.control is Control.CHOICES), (model, name)


def test_a_composite_key_is_one_text(zoo_session: Session) -> None:
    listing = Listing.of(describe(relations.Flat))
    flat = zoo_session.scalars(select(relations.Flat)).first()
    key = encode_key(describe(relations.Building), (flat.road, flat.house_number))

    query = ListQuery.parse([("building", key)], listing)

    assert flat in fetch(zoo_session, listing, query).rows
    assert 0 < len(fetch(zoo_session, listing, query).rows) < _number(zoo_session, relations.Flat)


def test_a_date_column_is_compared_with_dates(session: Session) -> None:
    from admin_site.models import Course

    person = make_user(session)
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        course = Course(name=str(day), start_date=day)
        session.add(Enrollment(user=person, course=course, enrolled_date=day))
    session.flush()
    listing = Listing.of(describe(Enrollment))

    assert _count(session, listing, ("enrolled_date", "2026-03-01")) == 1
    assert _count(session, listing, ("enrolled_date__lt", "2026-03-01")) == 1


def _examples(session: Session, listing: Listing):
    """Yield every filter with texts taken from stored rows."""
    for name, item in listing.filters.items():
        if item.choices:
            yield name, [item.choices[0][0]]
        elif isinstance(item, RelationFilter):
            target = describe(item.path.relations[-1].target)
            related = session.scalars(select(target.model)).all()
            yield name, [encode_key(target, target.key_of(record)) for record in related[:2]] or ["1"]
        elif isinstance(item, FieldFilter):
            values = session.scalars(select(getattr(listing.description.model, item.field.name)))
            texts = [_typed(item, to_text(item.field, value)) for value in values if value is not None]
            plain = [text for text in texts if text and "\0" not in text and "9999-12-31" not in text]
            if plain:
                yield name, plain[:2]
        else:
            assert isinstance(item, AnyFilter | EmptyFilter)


def _typed(item: FieldFilter, text: str) -> str:
    return {"true": "yes", "false": "no"}.get(text, text) if item.choices else text


def _is_rounded(item: FieldFilter, value: object) -> bool:
    """Whether what Python shows is not exactly what the database holds.

    SQLite's CURRENT_TIMESTAMP (`sql`) has no microseconds in its text, SQLAlchemy's times always have.
    """
    return item.field.name in ("exact_float", "shouted", "sql")


def _ages(session: Session, *pairs: tuple[str, str], zone=UTC) -> list[int]:
    listing = Listing.of(describe(User))
    page = fetch(session, listing, ListQuery.parse(pairs, listing, zone))
    return sorted(person.age for person in page.rows)


def _count(session: Session, listing: Listing, *pairs: tuple[str, str]) -> int:
    return count(session, listing, ListQuery.parse(pairs, listing)).number


def _number(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model))
