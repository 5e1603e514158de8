"""What a list offers when nobody has said, and what it refuses to be told."""

import pytest
from sqlalchemy.orm import Session

from admin_site.descriptions import Kind, describe
from admin_site.errors import ConfigurationError
from admin_site.listing import LABEL, Listing, ListQuery, fetch
from admin_site.models import Course, Enrollment, Item, Role, User, UserSession, UserType
from tests import zoo
from tests.factories import make_role
from tests.zoo import columns, relations


@pytest.mark.parametrize(
    ("model", "shown", "sort"),
    [
        (
            User,
            (LABEL, "user_name", "email_address", "user_type", "is_active", "is_superuser", "created_at"),
            (("created_at", True),),
        ),
        (UserType, ("name", "created_at"), (("user_type_id", True),)),
        (Course, ("name", "is_active", "start_date", "end_date", "created_at"), (("course_id", True),)),
        (
            Enrollment,
            (LABEL, "user", "course", "enrolled_date", "end_date", "created_at"),
            (("enrollment_id", True),),
        ),
        (Item, ("title", "owner", "created_at"), (("item_id", True),)),
        (
            UserSession,
            (LABEL, "user", "is_kept", "expiration_time", "last_seen_at", "ip_address", "start_time"),
            (("start_time", True),),
        ),
    ],
)
def test_the_human_label_comes_first_and_the_newest_on_top(model, shown, sort) -> None:
    listing = Listing.of(describe(model))

    assert listing.columns == shown
    assert listing.default_sort == sort


def test_at_most_seven_columns_none_of_them_long_or_secret() -> None:
    for model in (*zoo.PORTABLE, *zoo.POSTGRESQL, *zoo.DESCRIBED_ONLY):
        description = describe(model)
        shown = Listing.of(description).columns
        fields = [field for field in description.fields if field.name in shown[1:]]
        assert 1 <= len(shown) <= 7, model
        assert len(set(shown)) == len(shown), model
        assert not [
            field
            for field in fields
            if field.secret or field.kind in (Kind.LONG_TEXT, Kind.BINARY, Kind.JSON)
        ]


def test_nothing_secret_is_offered() -> None:
    listing = Listing.of(describe(columns.Person))

    offered = {*listing.columns, *listing.searchable, *listing.sortable, *listing.filters, *listing.choosable}
    assert not [name for name in offered if "secret" in name]


def test_related_records_are_sorted_by_their_name_where_they_have_one() -> None:
    assert "user_type" in Listing.of(describe(User)).sortable
    assert "user" not in Listing.of(describe(Enrollment)).sortable
    assert "roles" not in Listing.of(describe(User)).sortable
    assert "building" not in Listing.of(describe(relations.Flat)).sortable


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": ("nothing",)},
        {"columns": ("password_hash",)},
        {"columns": ("roles.name",)},
        {"searchable": ("password_hash",)},
        {"searchable": ("roles.nothing",)},
        {"searchable": ("roles",)},
        {"searchable": ("sessions.token_hash",)},
        {"sortable": ("password_hash",)},
        {"sortable": ("roles.name",)},
        {"sortable": ("nothing",)},
        {"default_sort": (("password_hash", True),)},
    ],
)
def test_impossible_names_are_refused_when_the_list_is_made(changes) -> None:
    with pytest.raises(ConfigurationError, match="The list of User"):
        Listing.of(describe(User), **changes)


def test_hybrids_and_expressions_can_be_sorted_by(zoo_session: Session) -> None:
    listing = Listing.of(describe(columns.Person), sortable=("full_name", "initial", "is_old"))

    for sort, first in (("full_name", "Nobody"), ("-full_name", "Lovelace"), ("-initial", "Lovelace")):
        query = ListQuery.parse([("sort", sort), ("size", "1")], listing)
        page = fetch(zoo_session, listing, query)
        assert page.rows[0].last_name == first
        assert fetch(zoo_session, listing, query.with_(after=page.after)).rows[0].last_name != first


def test_a_scope_hides_rows_on_every_page(session: Session) -> None:
    for number in range(6):
        make_role(session, name=str(number))
    listing = Listing.of(describe(Role), page_size=2)
    scoped = listing.scoped(lambda roles: roles.where(Role.name < "3"))

    query = ListQuery.parse([("sort", "name")], scoped)
    first = fetch(session, scoped, query)
    second = fetch(session, scoped, query.with_(after=first.after))

    assert [role.name for role in (*first.rows, *second.rows)] == ["0", "1", "2"]
    assert not second.has_next
    assert [role.name for role in fetch(session, scoped, query.with_(last=True)).rows] == ["1", "2"]
    assert len(fetch(session, listing, ListQuery.parse([("size", "100")], listing)).rows) == 6
