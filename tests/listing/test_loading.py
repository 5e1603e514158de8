"""A page costs a number of statements that depends neither on rows nor on columns."""

from datetime import date

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.listing import LABEL, Listing, ListQuery, fetch
from admin_site.listing.loading import settle
from admin_site.models import Course, Enrollment, Item, Role, User, UserType
from tests import zoo
from tests.factories import make_user
from tests.listing import labels
from tests.listing.walks import statements
from tests.zoo import columns, inheritance, relations


def test_statements_do_not_depend_on_rows_or_columns(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        query = ListQuery.parse([], listing)
        everything = tuple(sorted(listing.choosable))
        fetch(zoo_session, listing, query.with_(columns=everything))  # learns what labels read

        few = _number(zoo_session, listing, query.with_(size=2, columns=everything))
        many = _number(zoo_session, listing, query.with_(size=100, columns=everything))

        assert few == many <= 6, model


def test_a_page_of_people_takes_one_statement_and_one_more_for_all_counts(session: Session) -> None:
    _school(session)
    listing = Listing.of(describe(User))
    query = ListQuery.parse([], listing)
    counted = (*listing.columns, "roles", "items", "enrollments")
    _fresh(session, listing, query)  # learns what labels read

    assert _number(session, listing, query) == 1
    assert _number(session, listing, query.with_(columns=counted)) == 2


def test_a_label_that_reads_related_records_is_loaded_for_all_rows_at_once(book_session: Session) -> None:
    listing = Listing.of(describe(labels.Copy), page_size=100).scoped(_prints)
    query = ListQuery.parse([], listing)

    cold = _number(book_session, listing, query)
    warm = _number(book_session, listing, query)
    page = _fresh(book_session, listing, query)

    assert warm == 2  # the copies with their authors and towns, and all their readers
    assert cold <= 12
    with statements(book_session) as heard:
        labelled = sorted(map(page.label, page.rows))
        assert labelled[:3] == ["Emma, by Austen of Steventon", "Emma, by Homer", "Emma, by nobody"]
        assert [str(row) for row in page.rows] == [page.label(row) for row in page.rows]
    assert heard == []


def test_labels_that_no_column_shows_are_read_when_somebody_asks_and_all_at_once(
    book_session: Session,
) -> None:
    listing = Listing.of(describe(labels.Copy), columns=("title",), page_size=100).scoped(_prints)
    page = _fresh(book_session, listing, ListQuery.parse([], listing))

    with statements(book_session) as heard:
        first = page.label(page.rows[0])
        some = len(heard)
        labelled = {page.label(row) for row in page.rows}

    assert first in labelled
    assert "Emma, by Austen of Steventon" in labelled
    assert len(heard) == some <= 12


def test_labels_of_inheriting_classes_are_loaded_at_once_too(book_session: Session) -> None:
    listing = Listing.of(describe(labels.Copy), columns=(LABEL,))
    few, many = (ListQuery.parse([("size", size)], listing) for size in ("20", "100"))

    for _ in range(2):
        cold = _number(book_session, listing, many)
        assert cold <= 12
    assert _number(book_session, listing, few) == _number(book_session, listing, many)


def test_reading_what_is_shown_loads_nothing_more(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        listing = Listing.of(describe(model))
        to_one = {relation.name for relation in listing.description.relations if not relation.many}
        page = _fresh(zoo_session, listing, ListQuery.parse([], listing))

        with statements(zoo_session) as heard:
            for row in page.rows:
                page.label(row)
                for name in (name for name in listing.columns if name != LABEL):
                    value = getattr(row, name)
                    if name in to_one and value is not None:
                        page.label(value)
        assert heard == [], model


def test_only_what_is_shown_is_loaded(session: Session) -> None:
    make_user(session, password="a violin under seven clouds")
    listing = Listing.of(describe(User))
    page = _fresh(session, listing, ListQuery.parse([], listing))

    unloaded = inspect(page.rows[0]).unloaded

    assert {"password_hash", "updated_at", "sessions", "items"} <= unloaded
    assert not unloaded & {"user_name", "email_address", "user_type", "created_at"}


def test_deferred_columns_that_are_shown_are_loaded_with_the_rows(zoo_session: Session) -> None:
    listing = Listing.of(describe(columns.Person), columns=("last_name", "biography", "full_name", "initial"))
    query = ListQuery.parse([], listing)
    _fresh(zoo_session, listing, query)

    page = _fresh(zoo_session, listing, query)

    with statements(zoo_session) as heard:
        shown = {(row.biography, row.full_name, row.initial) for row in page.rows}
    assert ("Long\r\nlife", "Ada Lovelace", "A") in shown
    assert heard == []


def test_relations_that_the_mapping_loads_eagerly_are_left_out_unless_shown(zoo_session: Session) -> None:
    listing = Listing.of(describe(relations.Library), columns=(LABEL,))

    page = _fresh(zoo_session, listing, ListQuery.parse([], listing))

    many = {relation.name for relation in listing.description.relations if relation.many}
    assert not many & set(inspect(page.rows[0]).dict)


def test_related_fields_are_shown_by_dotted_names(session: Session) -> None:
    _school(session)
    listing = Listing.of(describe(Enrollment), columns=("user.user_type.name", "course.name"))
    page = _fresh(session, listing, ListQuery.parse([], listing))

    with statements(session) as heard:
        shown = {(row.user.user_type.name, row.course.name) for row in page.rows}

    assert shown == {("Pupil", "Latin")}
    assert heard == []


def test_members_are_counted_and_not_loaded(session: Session) -> None:
    _school(session, people=3)
    busy = session.query(User).filter_by(first_name="Ann").first()
    busy.items = [Item(title=f"Book {number}") for number in range(3)]
    busy.roles = [Role(name="Reader"), Role(name="Writer")]
    session.flush()
    listing = Listing.of(describe(User), columns=("user_name", "items", "roles", "flows"))

    page = _fresh(session, listing, ListQuery.parse([], listing))

    counts = {name: str(page.counts[name][(busy.user_id,)]) for name in ("items", "roles", "flows")}
    assert counts == {"items": "3", "roles": "2", "flows": "0"}
    assert not {"items", "roles", "flows"} & set(inspect(page.rows[0]).dict)


def test_members_that_may_not_be_seen_are_not_counted(session: Session) -> None:
    owner = make_user(session)
    owner.items = [Item(title="open"), Item(title="hidden")]
    session.flush()
    listing = Listing.of(
        describe(User),
        columns=("user_name", "items"),
        related_scopes={Item: lambda statement: statement.where(Item.title != "hidden")},
    )

    page = _fresh(session, listing, ListQuery.parse([], listing))

    assert str(page.counts["items"][(owner.user_id,)]) == "1"


def test_every_sort_of_collection_is_counted(zoo_session: Session) -> None:
    for model in zoo.models_on(zoo_session.get_bind().dialect.name):
        description = describe(model)
        many = [relation for relation in description.relations if relation.many]
        listing = Listing.of(description, columns=tuple(relation.name for relation in many) or (LABEL,))
        page = _fresh(zoo_session, listing, ListQuery.parse([], listing))
        for relation in many:
            for row in page.rows:
                number = page.counts[relation.name][description.key_of(row)].number
                assert number == _members(zoo_session, row, relation), (model, relation.name)


def test_a_list_of_a_parent_class_holds_its_children(zoo_session: Session) -> None:
    listing = Listing.of(describe(inheritance.Vehicle))

    page = _fresh(zoo_session, listing, ListQuery.parse([], listing))

    assert {type(row) for row in page.rows} == {
        inheritance.Vehicle,
        inheritance.Car,
        inheritance.Taxi,
        inheritance.Trailer,
    }


def _prints(copies):
    return copies.where(labels.Copy.kind == "print")


def _school(session: Session, people: int = 5) -> None:
    course = Course(name="Latin", start_date=date(2026, 1, 1))
    pupil = UserType(name="Pupil")
    for number in range(people):
        person = make_user(session, first_name="Ann", last_name=str(number), user_type=pupil)
        session.add(Enrollment(user=person, course=course, associative_data={"grade": number}))
    session.flush()


def _fresh(session: Session, listing: Listing, query: ListQuery):
    """Return a page of records none of which was in the session before."""
    session.flush()
    session.expunge_all()
    return fetch(session, listing, query)


def _number(session: Session, listing: Listing, query: ListQuery) -> int:
    session.flush()
    session.expunge_all()
    with statements(session) as heard:
        fetch(session, listing, query)
    return len(heard)


def _members(session: Session, row, relation) -> int:
    members = getattr(row, relation.name)
    if relation.collection == "write_only":
        return len(list(session.scalars(members.select())))
    return len(list(members))


def test_what_is_learned_of_labels_is_what_they_load(book_session: Session) -> None:
    """What somebody else has loaded before is not asked for again with every list to come."""
    listing = Listing.of(describe(labels.Copy), columns=(LABEL,))
    for _ in range(3):
        book_session.expunge_all()
        copies = book_session.scalars(select(labels.Copy)).all()
        towns = [copy.author.town for copy in copies if copy.author]
        settle(book_session, listing, copies, (LABEL,))
        assert towns

    assert "readers" in listing.learned[labels.Copy]
    assert "author" not in listing.learned[labels.Copy]
