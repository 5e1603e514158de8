"""What an index would make quick."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Index, insert, text
from sqlalchemy.orm import Session

from admin_site.audit import UNAUDITED
from admin_site.descriptions import describe
from admin_site.listing import Listing, ListQuery, Need, fetch, needs, search_expression
from admin_site.models import Course, Enrollment, Item, User
from tests import zoo
from tests.listing.walks import plans, statements
from tests.zoo import columns


def test_sorts_end_in_the_key_which_runs_their_way() -> None:
    listing = Listing.of(
        describe(User), default_sort=(("last_name", False), ("age", True)), sortable=("age",)
    )

    assert _said(listing, "sort") == {
        "last_name, age": ["last_name", "-age", "user_id"],
        "age": ["age", "user_id"],
    }
    mixed = next(need for need in needs(listing) if need.name == "last_name, age")
    assert {column.name for column in mixed.nulls_last} == {"age"}


def test_filters_are_by_columns_and_by_the_keys_of_related_records() -> None:
    found = {
        (need.name, need.table.name, need.columns[0][0].name)
        for need in needs(Listing.of(describe(User)))
        if need.kind == "filter"
    }

    assert {
        ("age", "users", "age"),
        ("user_type_id", "users", "user_type_id"),
        ("roles", "user_roles", "user_id"),
        ("items", "items", "owner_id"),
    } <= found


def test_searches_are_by_columns_wherever_they_are() -> None:
    listing = Listing.of(describe(User), searchable=("first_name", "items.title", "age"))

    found = {(need.name, need.table.name) for need in needs(listing) if need.kind == "search"}

    assert found == {("first_name", "users"), ("items.title", "items")}


def test_long_texts_are_searched_only() -> None:
    kinds = {need.kind for need in needs(Listing.of(describe(Course))) if need.name == "description"}

    assert kinds == {"search"}


def test_what_is_no_plain_column_of_the_list_is_left_out() -> None:
    listing = Listing.of(describe(columns.Person), sortable=("full_name", "initial", "last_name"))

    assert set(_said(listing, "sort")) & {"full_name", "initial", "last_name"} == {"last_name"}
    assert "user" not in _said(Listing.of(describe(Enrollment)), "sort")
    assert "owner.user_name" not in _said(Listing.of(describe(Item), sortable=("owner.user_name",)), "sort")


def test_every_need_of_the_zoo_is_of_one_table() -> None:
    for model in (*zoo.PORTABLE, *zoo.POSTGRESQL, *zoo.DESCRIBED_ONLY):
        for need in needs(Listing.of(describe(model))):
            assert need.columns, (model, need)
            assert {column.table for column, _ in need.columns} == {need.table}, (model, need)


def test_nothing_secret_is_indexed() -> None:
    listing = Listing.of(describe(columns.Person))

    assert not [need for need in needs(listing) for column, _ in need.columns if "secret" in column.name]


@pytest.mark.parametrize(
    "sort",
    [
        (("user_name", False),),
        (("age", False),),
        (("created_at", True),),
        (("last_name", False), ("age", True)),
        (("is_active", True), ("created_at", True)),
    ],
)
def test_such_an_index_serves_pages_of_the_sort_both_ways(
    session: Session, backend: str, sort: tuple[tuple[str, bool], ...]
) -> None:
    _people(session, 400)
    listing = Listing.of(describe(User), default_sort=sort, sortable=(), columns=("user_name",))
    need = next(need for need in needs(listing) if need.kind == "sort")
    _create(session, need)
    if backend == "postgresql":
        session.execute(text("ANALYZE users"))
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))

    query = ListQuery.parse([("size", "3")], listing)
    first = fetch(session, listing, query)
    second = fetch(session, listing, query.with_(after=first.after))

    for asked in (
        query,
        query.with_(after=first.after),
        query.with_(before=second.before),
        query.with_(last=True),
    ):
        for plan in plans(session, partial(fetch, session, listing, asked)):
            # Where much is empty, PostgreSQL may as well walk along the key.
            assert "ix_of_need" in plan or "pk_users" in plan, (asked, plan)
            assert "Sort" not in plan, (asked, plan)
            assert "TEMP B-TREE" not in plan, (asked, plan)


def test_a_search_inside_texts_is_served_by_an_index_on_the_column(session: Session, backend: str) -> None:
    listing = Listing.of(describe(User), searchable=("first_name",))
    column = User.__table__.c.first_name

    with statements(session) as heard:
        fetch(session, listing, ListQuery.parse([("search", "ann")], listing))

    if backend == "postgresql":
        assert search_expression(column, backend) == "first_name"
        assert "users.first_name ILIKE" in heard[0]
    else:
        assert search_expression(column, backend) == ""


def _people(session: Session, number: int) -> None:
    people = [
        {
            "user_name": f"person{place}",
            "email_address": f"person{place}@example.org",
            "age": place if place % 3 else None,
            "last_name": "abc"[place % 3] if place % 2 else None,
            "is_active": bool(place % 5),
        }
        for place in range(1, number + 1)
    ]
    session.execute(insert(User), people, execution_options={UNAUDITED: "the test's rows"})


def _said(listing: Listing, kind: str) -> dict[str, list[str]]:
    return {
        need.name: [("-" if descending else "") + column.name for column, descending in need.columns]
        for need in needs(listing)
        if need.kind == kind
    }


def _create(session: Session, need: Need) -> None:
    knows_nulls = (
        session.get_bind().dialect.name == "postgresql"
    )  # in SQLite nothing is less than NULL anyway

    def ordered(column: Any, descending: bool) -> Any:
        expression = column.desc() if descending else column.asc()
        return expression.nulls_last() if knows_nulls and column in need.nulls_last else expression

    index = Index("ix_of_need", *(ordered(*pair) for pair in need.columns))
    try:
        index.create(session.connection())
    finally:
        need.table.indexes.discard(index)
