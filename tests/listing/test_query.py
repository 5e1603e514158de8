"""A query and its URL."""

import pytest

from admin_site.descriptions import describe
from admin_site.errors import BadRequest
from admin_site.listing import LABEL, Listing, ListQuery
from admin_site.models import User

LISTING = Listing.of(describe(User))


def test_no_parameters_ask_for_the_first_page_as_the_list_offers_it() -> None:
    query = ListQuery.parse([], LISTING)

    assert (query.sort, query.columns, query.size) == (
        LISTING.default_sort,
        LISTING.columns,
        LISTING.page_size,
    )
    assert not query.is_narrowed
    assert query.to_pairs() == []


@pytest.mark.parametrize(
    "pairs",
    [
        [("search", "ann lee")],
        [("sort", "-age,user_name")],
        [("columns", "user_name,age")],
        [("size", "50")],
        [("page", "3")],
        [("last", "yes")],
        [("age__gte", "18"), ("is_active", "no"), ("is_active", "yes"), ("size", "100"), ("page", "2")],
    ],
)
def test_a_url_comes_back_as_it_was(pairs: list[tuple[str, str]]) -> None:
    assert ListQuery.parse(pairs, LISTING).to_pairs() == pairs


def test_equal_queries_have_equal_urls() -> None:
    spelled = [
        [("age", "05"), ("age", "7"), ("search", " ann "), ("page", "1"), ("sort", "age")],
        [("sort", "age"), ("age__is", "7"), ("age", "5"), ("age", "7"), ("search", "ann"), ("size", "25")],
        [
            ("sortBy", "age"),
            ("sort", "asc"),
            ("search", "ann"),
            ("age", "7"),
            ("age", "5"),
            ("pageSize", "25"),
        ],
    ]
    first, *others = [ListQuery.parse(pairs, LISTING) for pairs in spelled]

    assert all(other == first and other.to_pairs() == first.to_pairs() for other in others)


def test_untouched_fields_of_a_form_ask_for_nothing() -> None:
    pairs = [("search", ""), ("age__gte", ""), ("sort", ""), ("page", ""), ("after", ""), ("is_active", "")]

    assert ListQuery.parse(pairs, LISTING) == ListQuery.parse([], LISTING)


def test_bookmarks_of_sqladmin_still_lead_to_the_same_list() -> None:
    pairs = [("sortBy", "age"), ("sort", "desc"), ("pageSize", "50"), ("page", "2"), ("search", "x")]

    query = ListQuery.parse(pairs, LISTING)

    assert (query.sort, query.size, query.page, query.search) == ((("age", True),), 50, 2, "x")


def test_any_other_wish_leads_back_to_the_first_page() -> None:
    query = ListQuery.parse([("page", "3"), ("age", "5")], LISTING)

    for changed in (
        query.with_(search="x"),
        query.with_(size=50),
        query.sorted_by("age"),
        query.with_filter("age", "6"),
        query.without("age", "5"),
        query.cleared(),
        query.with_(last=True),
    ):
        assert changed.page == 1


def test_sorting_again_by_the_same_name_turns_it_round() -> None:
    query = ListQuery.parse([], LISTING)

    once = query.sorted_by("age")
    assert once.sort == (("age", False),)
    assert once.sorted_by("age").sort == (("age", True),)
    assert once.sorted_by("age").sorted_by("age").sort == (("age", False),)
    assert once.sorted_by("user_name").sort == (("user_name", False),)


def test_names_are_added_to_a_sort_turned_round_and_taken_out_of_it() -> None:
    query = ListQuery.parse([("sort", "age")], LISTING)

    two = query.sorted_by("user_name", add=True)
    assert two.sort == (("age", False), ("user_name", False))
    assert two.sorted_by("age", add=True).sort == (("age", True), ("user_name", False))
    assert two.sorted_by("age", add=True).sorted_by("age", add=True).sort == (("user_name", False),)
    alone = query.sorted_by("age", add=True)
    assert alone.sort == (("age", True),)
    assert alone.sorted_by("age", add=True).sort == LISTING.default_sort
    assert ListQuery.parse(two.to_pairs(), LISTING) == two


def test_filters_are_added_and_taken_away_one_text_at_a_time() -> None:
    query = ListQuery.parse([("age", "5"), ("age", "7"), ("is_active", "yes")], LISTING)

    assert query.without("age", "5").to_pairs() == [("age", "7"), ("is_active", "yes")]
    assert query.without("age", "5").without("age", "7").to_pairs() == [("is_active", "yes")]
    assert query.with_filter("age").to_pairs() == [("is_active", "yes")]
    assert query.with_filter("first_name__contains__not", "x").to_pairs()[-2:] == [
        ("first_name__contains__not", "x"),
        ("is_active", "yes"),
    ]
    assert not query.with_(search="x").cleared().is_narrowed


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("page", "abc")], "whole number"),
        ([("page", "0")], "whole number"),
        ([("page", "-1")], "whole number"),
        ([("page", "1.5")], "whole number"),
        ([("page", "٣")], "whole number"),
        ([("page", "9999999999999")], "whole number"),
        ([("page", "402")], "10,000"),
        ([("size", "0")], "whole number"),
        ([("size", "251")], "250"),
        ([("sort", "nothing")], "nothing"),
        ([("sort", "roles")], "sorted"),
        ([("sort", "password_hash")], "sorted"),
        ([("sort", "age,")], "sorted"),
        ([("sortBy", "age"), ("sort", "up")], "asc or desc"),
        ([("columns", "password_hash")], "column"),
        ([("columns", "nothing")], "column"),
        ([("columns", ",")], "column"),
        ([("utm_source", "x")], "utm_source"),
        ([("after", "x"), ("page", "2")], "Only one"),
        ([("last", "1")], "last=yes"),
        ([("sea\0rch", "x")], "character"),
        ([("age", str(number)) for number in range(201)], "200"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(pairs: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        ListQuery.parse(pairs, LISTING)


def test_the_label_may_be_chosen_as_a_column() -> None:
    assert ListQuery.parse([("columns", f"{LABEL},age,age")], LISTING).columns == (LABEL, "age")
