"""How many records each choice would leave."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import Facet, Listing, ListQuery, count, facets
from admin_site.listing.facets import can_count
from admin_site.models import Role, User, UserType
from tests import zoo
from tests.factories import make_role, make_user
from tests.listing.test_limits import SLOW
from tests.listing.walks import statements

PEOPLE = Listing.of(describe(User))
GENEROUS = 30.0  # seconds, where the test is not about time


def test_choices_are_counted_in_their_own_order(session: Session) -> None:
    for is_active in (True, True, False):
        make_user(session, is_active=is_active)

    found = _facets(session, [], "is_active", "is_superuser")

    assert found["is_active"] == (Facet("yes", "yes", 2, "is_active"), Facet("no", "no", 1, "is_active"))
    assert [facet.count for facet in found["is_superuser"]] == [0, 3]


def test_texts_are_counted_the_most_frequent_first_and_the_empty_together(session: Session) -> None:
    for name in ("Ann", "Bob", "Bob", "", None):
        make_user(session, first_name=name)

    assert _facets(session, [], "first_name")["first_name"] == (
        Facet("Bob", "Bob", 2, "first_name"),
        Facet("Ann", "Ann", 1, "first_name"),
        Facet("yes", "empty", 2, "first_name__empty"),
    )


def test_single_related_records_are_counted_by_their_names(session: Session) -> None:
    staff, pupil = UserType(name="Staff"), UserType(name="Pupil")
    for kind in (staff, pupil, pupil, None):
        make_user(session, user_type=kind)

    assert _facets(session, [], "user_type")["user_type"] == (
        Facet(str(pupil.user_type_id), "Pupil", 2, "user_type"),
        Facet(str(staff.user_type_id), "Staff", 1, "user_type"),
        Facet("yes", "empty", 1, "user_type__empty"),
    )


def test_counts_follow_all_conditions_but_the_fields_own(session: Session) -> None:
    for is_active, name in ((True, "Ann"), (True, "Bob"), (False, "Ann")):
        make_user(session, is_active=is_active, first_name=name)

    found = _facets(session, [("is_active", "yes"), ("first_name", "Ann")], "is_active", "first_name")

    assert {facet.text: facet.count for facet in found["is_active"]} == {"yes": 1, "no": 1}
    assert {facet.text: facet.count for facet in found["first_name"]} == {"Ann": 1, "Bob": 1}
    for own in ("is_active__not", "is_active__is"):
        assert [facet.count for facet in _facets(session, [(own, "no")], "is_active")["is_active"]] == [2, 1]


def test_every_facet_of_the_zoo_counts_what_its_filter_finds(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        query = ListQuery.parse([], listing)
        names = [name for name in listing.filters if can_count(listing, name)]
        for name, counted in facets(zoo_session, listing, query, names, GENEROUS).items():
            for facet in counted:
                asked = query.with_filter(facet.parameter, facet.text)
                number = count(zoo_session, listing, asked).number
                assert number == facet.count or name in ROUNDED, (model, facet)


ROUNDED = ("exact_float", "shouted")  # values that Python does not show as the database holds them


def test_a_column_of_many_values_has_none(session: Session) -> None:
    for age in range(1, 22):
        make_user(session, age=age)

    assert _facets(session, [], "age", "user_name", "nothing", "created_at", "roles") == {}


def test_what_may_not_be_seen_is_not_counted(session: Session) -> None:
    hidden, seen = UserType(name="Hidden"), UserType(name="Seen")
    for age, kind in enumerate((hidden, seen, seen), start=1):
        make_user(session, user_type=kind, age=age)
    listing = PEOPLE.scoped(
        lambda people: people.where(User.age < 3),
        {UserType: lambda kinds: kinds.where(UserType.name != "Hidden")},
    )

    found = facets(session, listing, ListQuery.parse([], listing), ["user_type"], GENEROUS)

    assert [(facet.label, facet.count) for facet in found["user_type"]] == [("Seen", 1)]


def test_secrets_are_not_counted(session: Session) -> None:
    make_user(session, password="a violin under seven clouds")

    assert _facets(session, [], "password_hash") == {}


def test_what_takes_too_long_is_left_out_and_the_session_goes_on(session: Session, backend: str) -> None:
    make_role(session, name="kept")
    slow = "pg_sleep(10) IS NOT NULL" if backend == "postgresql" else f"({SLOW['sqlite']}) > 0"
    listing = Listing.of(describe(Role)).scoped(lambda roles: roles.where(text(slow)))

    assert facets(session, listing, ListQuery.parse([], listing), ["name", "created_at"], 0.05) == {}
    assert session.query(Role).count() == 1


def test_facets_take_one_statement_each(session: Session, backend: str) -> None:
    make_user(session, user_type=UserType(name="Staff"))

    with statements(session) as heard:
        _facets(session, [], "is_active", "is_superuser", "user_type")

    reading = [statement for statement in heard if "SAVEPOINT" not in statement]
    assert len(reading) == 4  # and one for the names of the related


def _facets(session: Session, pairs: list[tuple[str, str]], *names: str):
    return facets(session, PEOPLE, ListQuery.parse(pairs, PEOPLE), names, GENEROUS)
