"""Children are edited under their parent: in rows, together with it, and only as the person may."""

from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.ext.orderinglist import ordering_list
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.testclient import TestClient

from admin_site import AdminView, Inline, StackedInline, TabularInline
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in


class Base(DeclarativeBase):
    pass


class Basket(Base):
    __tablename__ = "baskets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))

    fruits: Mapped[list["Fruit"]] = relationship(back_populates="basket", cascade="all, delete-orphan")
    gifts: Mapped[list["Gift"]] = relationship(back_populates="basket")

    def __str__(self) -> str:
        return self.name


class Fruit(Base):
    __tablename__ = "fruits"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    weight: Mapped[int | None]
    ripe: Mapped[bool] = mapped_column(default=False)
    place: Mapped[int | None]
    basket_id: Mapped[int] = mapped_column(ForeignKey("baskets.id"), index=True)

    basket: Mapped[Basket] = relationship(back_populates="fruits")

    __table_args__ = (
        UniqueConstraint("basket_id", "name"),
        UniqueConstraint("basket_id", "place"),
        CheckConstraint("weight <> 13", name="lucky"),
    )

    def __str__(self) -> str:
        return self.name


class Gift(Base):
    """May be without a basket."""

    __tablename__ = "gifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20), default="gift")
    basket_id: Mapped[int | None] = mapped_column(ForeignKey("baskets.id"))

    basket: Mapped[Basket | None] = relationship(back_populates="gifts")

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "gift"}


class Voucher(Gift):
    __tablename__ = "vouchers"

    voucher_id: Mapped[int] = mapped_column(ForeignKey("gifts.id"), primary_key=True)
    amount: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "voucher"}


class Shelf(Base):
    """Its key is typed, and has characters that addresses need for themselves."""

    __tablename__ = "shelves"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    boxes: Mapped[list["Box"]] = relationship(
        cascade="all, delete-orphan", order_by="Box.at", collection_class=ordering_list("at")
    )


class Box(Base):
    """The shelf and a label that is typed are its key; it does not know its shelf by another name."""

    __tablename__ = "boxes"

    shelf_code: Mapped[str] = mapped_column(ForeignKey("shelves.code"), primary_key=True)
    label: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None]

    things: Mapped[list["Thing"]] = relationship(cascade="all, delete-orphan", back_populates="box")


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    shelf_code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(20))

    box: Mapped[Box] = relationship(back_populates="things")

    __table_args__ = (ForeignKeyConstraint(["shelf_code", "label"], ["boxes.shelf_code", "boxes.label"]),)


class FruitInline(TabularInline, model=Fruit):
    columns = [Fruit.name, "weight"]
    order_by = "place"


MODELS = (Basket, Fruit, Gift, Voucher, Shelf, Box, Thing)


@pytest.fixture
def tables(database: Database) -> Database:
    Base.metadata.create_all(database.engine)
    return database


@pytest.fixture
def basket(tables: Database) -> int:
    """A basket with an apple, a banana and a cherry, 1, 2 and 3; the next one has a date."""
    with tables.session() as session:
        for number, names in enumerate((("apple", "banana", "cherry"), ("date",)), 1):
            session.add(Basket(name=f"Basket {number}"))  # the first gets the number 1
            session.flush()
            for place, name in enumerate(names, 1):
                session.add(Fruit(name=name, weight=place * 10, place=place, basket_id=number))
                session.flush()
    return 1


def the_site(database: Database, *views: type[AdminView]) -> TestClient:
    return a_site(database, models=MODELS, views=views)


def opened(client: TestClient, path: str = "/admin/basket/edit/1") -> tuple[str, dict[str, list[str]]]:
    """Return a form's page and what a browser without scripts would send."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    return page.text, record_form(page.text).data()


def send(client: TestClient, data: dict[str, Any], path: str = "/admin/basket/edit/1", **typed: Any) -> Any:
    """Send a form with other texts in it (`fruits__k1__name=` means `fruits|k1|name`)."""
    typed = {name.replace("__", "|"): text for name, text in typed.items()}
    return client.post(path, data=data | {"save": "Save"} | typed)


def fruits(database: Database, basket: int = 1) -> dict[str, int | None]:
    with database.session() as session:
        found = session.execute(
            select(Fruit.name, Fruit.weight)
            .where(Fruit.basket_id == basket)
            .order_by(Fruit.place.nulls_last(), Fruit.id)
        )
        return dict(found.all())


def history(database: Database) -> list[AuditEntry]:
    with database.session() as session:
        entries = select(AuditEntry).where(AuditEntry.model.in_([model.__tablename__ for model in MODELS]))
        return [entry for entry in session.scalars(entries) if entry.actor_name != "system"]


def watch(client: TestClient, found: list[str]) -> None:
    def note(connection, cursor, statement, parameters, context, many) -> None:
        if statement.split(maxsplit=1)[0] not in ("BEGIN", "COMMIT"):
            found.append(statement)

    event.listen(client.app.state.site.database.engine, "before_cursor_execute", note)


def test_children_that_cannot_be_without_their_parent_are_edited_under_it(tables: Database, basket: int):
    html, data = opened(the_site(tables))

    assert data["fruits|k1|name"] == ["apple"]
    assert data["fruits|k3|weight"] == ["30"]
    assert not [name for name in data if name.endswith("|basket")]
    assert not [name for name in data if name.startswith("gifts")]
    assert "Add fruit" in html


def test_saving_rows_as_they_are_changes_nothing(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)

    answer = send(client, data)

    assert answer.status_code == 303
    assert history(tables) == []


def test_rows_are_changed_removed_and_added_with_their_parent_as_one_act(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)

    answer = send(
        client,
        data,
        name="Other",
        fruits__k1__name="avocado",
        **{"fruits__k2__:remove": "true", "fruits__n0__name": "elderberry", "fruits__n0__weight": "5"},
    )

    assert answer.status_code == 303, answer.text
    assert fruits(tables) == {"avocado": 10, "cherry": 30, "elderberry": 5}
    entries = history(tables)
    assert sorted((entry.model, entry.action) for entry in entries) == [
        ("baskets", "edit"),
        ("fruits", "create"),
        ("fruits", "delete"),
        ("fruits", "edit"),
    ]
    assert len({entry.change_set_id for entry in entries}) == 1


def test_only_the_rows_that_were_sent_are_looked_at(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)
    sent = {name: value for name, value in data.items() if not name.startswith(("fruits|k1", "fruits|k2"))}

    assert send(client, sent, fruits__k3__weight="31").status_code == 303
    assert fruits(tables) == {"apple": 10, "banana": 20, "cherry": 31}


def test_a_new_parent_is_saved_with_its_rows(tables: Database):
    client = the_site(tables)
    _, data = opened(client, "/admin/basket/create")

    answer = send(
        client, data, "/admin/basket/create", name="New", fruits__n0__name="fig", fruits__n1__name="grape"
    )

    assert answer.status_code == 303, answer.text
    assert list(fruits(tables)) == ["fig", "grape"]
    assert len({entry.change_set_id for entry in history(tables)}) == 1


def test_a_wrong_row_keeps_all_from_being_saved_and_all_that_was_typed(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)

    answer = send(
        client,
        data,
        name="Other",
        fruits__k1__weight="heavy",
        fruits__k2__name="blackberry",
        fruits__n0__name="",
        fruits__n0__weight="7",
        **{"fruits__k3__:remove": "true"},
    )

    assert answer.status_code == 400
    assert fruits(tables) == {"apple": 10, "banana": 20, "cherry": 30}
    again = record_form(answer.text).data()
    assert again["name"] == ["Other"]
    assert again["fruits|k1|weight"] == ["heavy"]
    assert again["fruits|k2|name"] == ["blackberry"]
    assert again["fruits|n0|weight"] == ["7"]
    assert again["fruits|k3|:remove"] == ["true"]
    assert '<a href="#fruits-k1-weight">Fruits, apple, Weight</a>' in answer.text
    assert '<a href="#fruits-n0-name">Fruits, new row, Name</a>' in answer.text

    assert send(client, again, fruits__k1__weight="11", fruits__n0__name="olive").status_code == 303
    assert fruits(tables) == {"apple": 11, "blackberry": 20, "olive": 7}


@pytest.mark.parametrize("path", ["/admin/basket/edit/1", "/admin/basket/create"])
@pytest.mark.parametrize("row", [{"name": "apple"}, {"weight": "13", "name": "new"}])
def test_what_the_database_refuses_stands_beside_its_row(tables: Database, basket: int, path: str, row: dict):
    client = the_site(tables)
    _, data = opened(client, path)
    typed = {f"fruits__n0__{name}": text for name, text in row.items()}

    answer = send(client, data, path, name="Other", fruits__n1__name="apple", **typed)

    assert answer.status_code == 400
    assert "Fruits, new row" in answer.text
    assert record_form(answer.text).data()["fruits|n1|name"] == ["apple"]
    with tables.session() as session:
        assert session.scalar(select(func.count()).select_from(Basket).where(Basket.name == "Other")) == 0


def test_blank_rows_are_none(tables: Database, basket: int):
    class BlankInline(Inline, model=Fruit):
        extra = 2

    class BasketView(AdminView, model=Basket):
        inlines = [BlankInline]

    client = the_site(tables, BasketView)
    _, data = opened(client)
    assert {"fruits|n0|name", "fruits|n1|name"} <= data.keys()

    assert send(client, data).status_code == 303
    assert send(client, data, fruits__n1__name="fig").status_code == 303
    assert list(fruits(tables)) == ["apple", "banana", "cherry", "fig"]


def test_another_row_comes_without_scripts_and_what_was_typed_stays(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)

    page = client.post(
        "/admin/basket/edit/1", data=data | {"fruits|k1|name": "typed", ":find": "fruits|:add"}
    )

    assert page.status_code == 200
    again = record_form(page.text).data()
    assert again["fruits|k1|name"] == ["typed"]
    assert again["fruits|n0|name"] == [""]
    assert fruits(tables)["apple"] == 10


def test_what_is_stored_but_belongs_to_another_parent_is_refused(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)
    _, others = opened(client, "/admin/basket/edit/2")
    forged = {name: value for name, value in others.items() if name.startswith("fruits|k4")}

    answer = send(client, data | forged, name="Other", fruits__k4__name="stolen")

    assert answer.status_code == 400
    assert "deleted meanwhile, or you may no longer see it" in answer.text
    assert fruits(tables, 2) == {"date": 10}
    removal = send(client, data, **{"fruits__k4__:remove": "true"})
    assert removal.status_code == 303
    assert fruits(tables, 2) == {"date": 10}


@pytest.mark.parametrize(
    "name",
    [
        "fruits|k1|basket",
        "fruits|k1|id",
        "fruits|k1|nothing",
        "fruits|x1|name",
        "fruits|n0|x|name",
        "fruits|name",
        "gifts|k1|title",
        "|k1|name",
        "fruits|k1|a|k2|b|k3|c",
    ],
)
def test_names_that_no_page_of_ours_made_are_refused(tables: Database, basket: int, name: str):
    client = the_site(tables)
    _, data = opened(client)

    answer = send(client, data, **{"fruits__k1__name": "other", name: "2"})

    assert answer.status_code == 400
    assert "Nothing was saved" in answer.text
    assert "apple" in fruits(tables)


def test_a_key_that_is_none_is_refused_in_words(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)

    answer = send(client, data, fruits__knone__name="x")

    assert answer.status_code == 400
    assert "deleted meanwhile" in answer.text


def signed_in(database: Database, *grants: tuple[str, str], views: tuple = ()) -> TestClient:
    url = database.engine.url.render_as_string(hide_password=False)
    client = open_site(url, models=MODELS, views=views)
    sign_in(client, database, *grants)
    return client


BASKETS = (("basket", "list"), ("basket", "details"), ("basket", "edit"))


def test_rows_that_somebody_may_not_list_are_hidden_and_cannot_be_written(tables: Database, basket: int):
    client = signed_in(tables, *BASKETS, ("fruit", "edit"), ("fruit", "create"), ("fruit", "delete"))
    html, data = opened(client)

    assert "apple" not in html
    answer = send(client, data, fruits__n0__name="fig")
    assert answer.status_code == 400
    assert "fig" not in fruits(tables)


def test_rows_that_somebody_may_only_see_are_shown_and_cannot_be_written(tables: Database, basket: int):
    client = signed_in(tables, *BASKETS, ("fruit", "list"))
    html, data = opened(client)

    assert "apple" in html
    assert not [name for name in data if name.startswith("fruits")]
    assert "Add fruit" not in html
    for forged in (
        {"fruits__k1__name": "other"},
        {"fruits__k1__:remove": "true"},
        {"fruits__n0__name": "fig"},
    ):
        assert send(client, data, **forged).status_code == 403
    assert fruits(tables) == {"apple": 10, "banana": 20, "cherry": 30}


def test_each_right_opens_its_part(tables: Database, basket: int):
    add = signed_in(tables, *BASKETS, ("fruit", "list"), ("fruit", "create"))
    html, data = opened(add)
    assert "Add fruit" in html
    assert not [name for name in data if name.startswith("fruits|k")]
    assert send(add, data, fruits__n0__name="fig").status_code == 303

    remove = signed_in(tables, *BASKETS, ("fruit", "list"), ("fruit", "delete"))
    html, data = opened(remove)
    assert 'name="fruits|k1|:remove"' in html
    assert send(remove, data, **{"fruits__k1__:remove": "true"}).status_code == 303
    assert list(fruits(tables)) == ["banana", "cherry", "fig"]


def test_a_row_is_not_removed_with_more_than_the_person_may_delete_or_a_click_can_say(
    tables: Database, shelf: str
):
    rights = [(name, action) for name in ("shelf", "box") for action in ("list", "details", "edit", "delete")]
    client = signed_in(tables, *rights, ("thing", "list"))
    _, data = opened(client, shelf)
    refused = send(client, data, shelf, **{"boxes|ka~2Fb~3Bc;~7E|:remove": "true"})
    assert refused.status_code == 400
    assert "Boxes, ~" in refused.text
    with tables.session() as session:
        assert session.scalar(select(func.count()).select_from(Thing)) == 1
        session.add_all(Thing(name="pin", shelf_code="a/b;c", label="~") for _ in range(120))

    client = the_site(tables)
    _, data = opened(client, shelf)
    refused = send(client, data, shelf, **{"boxes|ka~2Fb~3Bc;~7E|:remove": "true"})
    assert refused.status_code == 400
    assert "Too many other records go with this one" in refused.text


class LightFruitView(AdminView, model=Fruit):
    def list_query(self, request):
        return super().list_query(request).where(Fruit.weight < 25)


def test_rows_out_of_scope_are_neither_shown_nor_written_nor_counted(tables: Database, basket: int):
    client = the_site(tables, LightFruitView)
    html, data = opened(client)

    assert "cherry" not in html
    assert "fruits|k3|name" not in data
    assert '<span class="count">2</span>' in html
    answer = send(client, data, fruits__k3__name="seen")
    assert answer.status_code == 400
    assert "seen" not in fruits(tables)


def test_what_a_view_turns_off_is_off_in_its_rows(tables: Database, basket: int):
    class FruitView(AdminView, model=Fruit):
        can_create = False
        can_delete = False

    client = the_site(tables, FruitView)
    html, data = opened(client)

    assert "Add fruit" not in html
    assert ":remove" not in html
    assert send(client, data, fruits__n0__name="fig").status_code == 403
    assert send(client, data, fruits__k1__name="avocado").status_code == 303


def test_an_inline_may_allow_less_than_the_view(tables: Database, basket: int):
    class Fixed(Inline, model=Fruit):
        can_add = can_change = can_remove = False

    class BasketView(AdminView, model=Basket):
        inlines = [Fixed]

    client = the_site(tables, BasketView)
    html, data = opened(client)

    assert "apple" in html
    assert "Add fruit" not in html
    assert not [name for name in data if name.startswith("fruits")]
    assert send(client, data, fruits__k1__name="other").status_code == 403


def test_a_row_that_two_people_changed_lets_one_choose(tables: Database, basket: int):
    client = the_site(tables)
    _, ada = opened(client)
    _, grace = opened(client)
    assert send(client, grace, fruits__k1__name="grace's", fruits__k2__weight="22").status_code == 303

    answer = send(client, ada, fruits__k1__name="ada's", fruits__k2__name="ada's too")

    assert answer.status_code in (400, 409)
    assert "Fruits, grace&#39;s, Name" in answer.text
    assert "fruits|k1|name:take" in answer.text
    assert list(fruits(tables))[:2] == ["grace's", "banana"]
    again = record_form(answer.text).data()
    assert send(client, again, **{"fruits__k1__name:take": "mine"}).status_code == 303
    assert fruits(tables) == {"ada's": 10, "ada's too": 22, "cherry": 30}


def test_a_row_that_was_deleted_meanwhile_says_so_and_can_be_added_anew(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)
    with tables.session() as session:
        session.delete(session.get(Fruit, 1))
    sent = {name: value for name, value in data.items() if not name.startswith(("fruits|k2", "fruits|k3"))}

    answer = send(client, sent, fruits__k1__name="typed", name="Other")

    assert answer.status_code == 400
    assert "was deleted meanwhile" in answer.text
    again = record_form(answer.text).data()
    assert again["fruits|n0|name"] == ["typed"]
    assert fruits(tables) == {"banana": 20, "cherry": 30}
    assert send(client, again).status_code == 303
    assert fruits(tables)["typed"] == 10


def test_removing_what_is_gone_already_is_fine(tables: Database, basket: int):
    client = the_site(tables)
    _, data = opened(client)
    with tables.session() as session:
        session.delete(session.get(Fruit, 1))
    sent = {name: value for name, value in data.items() if not name.startswith("fruits|")}

    assert send(client, sent, **{"fruits__k1__:remove": "true"}).status_code == 303


class OrderedView(AdminView, model=Basket):
    inlines = [FruitInline]


def test_rows_are_moved_without_scripts(tables: Database, basket: int):
    client = the_site(tables, OrderedView)
    _, data = opened(client)
    page = client.post("/admin/basket/edit/1", data=data | {":find": "fruits|k3|:up"})
    page = client.post(
        "/admin/basket/edit/1", data=record_form(page.text).data() | {":find": "fruits|k3|:up"}
    )

    shown = page.text
    assert shown.index('id="fruits-k3"') < shown.index('id="fruits-k1"') < shown.index('id="fruits-k2"')
    assert list(fruits(tables)) == ["apple", "banana", "cherry"]
    assert send(client, record_form(shown).data()).status_code == 303
    assert list(fruits(tables)) == ["cherry", "apple", "banana"]


def test_an_order_is_kept_by_sending_nothing_else_of_the_rows(tables: Database, basket: int):
    client = the_site(tables, OrderedView)
    _, data = opened(client)
    sent = {name: value for name, value in data.items() if not name.startswith("fruits|")}

    answer = send(client, sent, **{"fruits__:order": "k2 k3 k1"})

    assert answer.status_code == 303, answer.text
    assert list(fruits(tables)) == ["banana", "cherry", "apple"]
    assert len(history(tables)) == 1


def test_new_rows_come_last_or_where_they_were_moved(tables: Database, basket: int):
    client = the_site(tables, OrderedView)
    _, data = opened(client)
    assert send(client, data, fruits__n0__name="fig").status_code == 303
    assert list(fruits(tables)) == ["apple", "banana", "cherry", "fig"]

    _, data = opened(client)
    answer = send(
        client,
        data,
        **{"fruits__n0__name": "grape", "fruits__:order": "n0 k1 k2 k3 k5", "fruits__k5__name": "kiwi"},
    )
    assert answer.status_code == 303
    assert list(fruits(tables)) == ["grape", "apple", "banana", "cherry", "kiwi"]


def test_an_order_with_rows_of_others_in_it_moves_ones_own_alone(tables: Database, basket: int):
    client = the_site(tables, OrderedView)
    _, data = opened(client)

    assert send(client, data, **{"fruits__:order": "k4 k2 k1 knothing"}).status_code == 303
    assert list(fruits(tables)) == ["banana", "apple", "cherry"]


def fill(database: Database, number: int) -> None:
    with database.engine.begin() as connection:
        rows = [
            {"name": f"fruit {place}", "weight": 1, "ripe": False, "place": place, "basket_id": 1}
            for place in range(101, 101 + number)
        ]
        connection.execute(insert(Fruit), rows)


def test_a_page_holds_fifty_rows_and_what_was_changed_goes_along_to_the_next(tables: Database, basket: int):
    fill(tables, 60)
    client = the_site(tables, OrderedView)
    html, data = opened(client)
    assert html.count('data-row="k') == 50
    assert "1–50" in html
    assert "of 63" in html
    next_url = html.split('aria-label="Next Fruits"')[0].rpartition('formaction="')[2].partition('"')[0]

    page = client.post(
        next_url.replace("&amp;", "&"),
        data=data | {"fruits|k1|name": "typed", "fruits|k2|:remove": "true", ":find": "fruits|:page"},
    )
    assert page.status_code == 200
    again = record_form(page.text).data()
    assert again["fruits|k1|name"] == ["typed"]
    assert again["fruits|k2|:remove"] == ["true"]
    assert "fruits|k3|name" not in again
    assert page.text.count('data-row="k') == 13 + 2

    assert send(client, again, next_url.replace("&amp;", "&")).status_code == 303
    stored = fruits(tables)
    assert "typed" in stored
    assert "banana" not in stored
    assert len(stored) == 62


def test_a_parent_of_a_hundred_thousand_opens_light_and_with_few_statements(tables: Database, basket: int):
    fill(tables, 100_000)
    client = the_site(tables, OrderedView)
    counts, sizes = {}, {}
    for path in ("/admin/basket/edit/2", "/admin/basket/edit/1"):
        client.get(path)
        found: list[str] = []
        watch(client, found)
        page = client.get(path)
        counts[path], sizes[path] = len(found), len(page.content)

    assert "1,000+" in page.text
    assert counts["/admin/basket/edit/1"] <= counts["/admin/basket/edit/2"] * 2 + 2
    assert sizes["/admin/basket/edit/1"] < 100_000

    data = record_form(page.text).data()
    sent = {name: value for name, value in data.items() if not name.startswith("fruits|k") or "|k1|" in name}
    found.clear()
    assert send(client, sent, fruits__k1__weight="12").status_code == 303
    assert len(found) <= 9


def test_rows_are_opened_by_a_number_of_statements_that_does_not_depend_on_them(
    tables: Database, basket: int
):
    fill(tables, 20)
    client = the_site(tables)
    found: list[str] = []
    numbers = []
    client.get("/admin/basket/edit/1")
    watch(client, found)
    for path in ("/admin/basket/edit/2", "/admin/basket/edit/1"):
        found.clear()
        client.get(path)
        numbers.append(len(found))

    assert numbers[0] == numbers[1]


@pytest.fixture
def shelf(tables: Database) -> str:
    with tables.session() as session:
        session.add(Shelf(code="a/b;c"))
        session.flush()
        for place, label in enumerate(("x|y", "~"), 1):
            session.add(Box(shelf_code="a/b;c", label=label, at=place, note="n"))
        session.flush()
        session.add(Thing(name="pen", shelf_code="a/b;c", label="~"))
    return "/admin/shelf/edit/a~2Fb~3Bc"


def test_keys_of_any_sort_lead_to_their_rows(tables: Database, shelf: str):
    client = the_site(tables)
    _, data = opened(client, shelf)
    notes = sorted(name for name in data if name.endswith("|note"))
    assert notes == ["boxes|ka~2Fb~3Bc;x~7Cy|note", "boxes|ka~2Fb~3Bc;~7E|note"]

    answer = send(
        client,
        data,
        shelf,
        **{notes[0]: "other", notes[1].replace("note", ":remove"): "true"},
        boxes__n0__label="typed",
    )

    assert answer.status_code == 303, answer.text
    with tables.session() as session:
        found = session.execute(select(Box.shelf_code, Box.label, Box.note, Box.at).order_by(Box.label)).all()
        assert found == [("a/b;c", "typed", None, 3), ("a/b;c", "x|y", "other", 1)]
        assert session.scalars(select(Thing)).all() == []


def test_the_order_that_sqlalchemy_keeps_in_a_list_is_that_of_the_rows(tables: Database, shelf: str):
    _, data = opened(the_site(tables), shelf)

    assert not [name for name in data if name.endswith("|at")]
    assert data["boxes|:rows"] == ["ka~2Fb~3Bc;x~7Cy ka~2Fb~3Bc;~7E"]


def test_rows_have_rows_of_their_own_one_level_down(tables: Database, shelf: str):
    client = the_site(tables)
    _, data = opened(client, shelf)
    row = "boxes|ka~2Fb~3Bc;~7E"
    assert data[f"{row}|things|k1|name"] == ["pen"]

    answer = send(
        client,
        data,
        shelf,
        **{
            f"{row}|things|k1|name": "quill",
            f"{row}|things|n0|name": "ink",
            "boxes|n0|label": "new",
            "boxes|n0|things|n0|name": "sand",
        },
    )

    assert answer.status_code == 303, answer.text
    with tables.session() as session:
        found = session.execute(select(Thing.label, Thing.name).order_by(Thing.label, Thing.name)).all()
        assert found == [("new", "sand"), ("~", "ink"), ("~", "quill")]


def test_what_is_wrong_with_a_row_of_a_row_leads_there(tables: Database, shelf: str):
    client = the_site(tables)
    _, data = opened(client, shelf)

    answer = send(client, data, shelf, **{"boxes|n0|label": "new", "boxes|n0|things|n0|name": "x" * 21})

    assert answer.status_code == 400
    assert 'href="#boxes-n0-things-n0-name"' in answer.text
    assert record_form(answer.text).data()["boxes|n0|label"] == ["new"]
    with tables.session() as session:
        assert session.scalar(select(func.count()).select_from(Box)) == 2


def test_rows_of_subclasses_are_rows_too(tables: Database, basket: int):
    class BasketView(AdminView, model=Basket):
        inlines = ["gifts"]

    with tables.session() as session:
        session.add_all([Gift(title="Book", basket_id=1), Voucher(title="Spa", amount=5, basket_id=1)])
    client = the_site(tables, BasketView)
    _, data = opened(client)
    assert "fruits|k1|name" not in data

    assert send(client, data, gifts__k2__title="Hotel", gifts__n0__title="Flowers").status_code == 303
    with tables.session() as session:
        found = session.scalars(select(Gift).order_by(Gift.id)).all()
        assert [(type(gift), gift.title) for gift in found] == [
            (Gift, "Book"),
            (Voucher, "Hotel"),
            (Gift, "Flowers"),
        ]


def test_records_of_joined_tables_are_edited_in_rows(tables: Database, basket: int):
    class VoucherInline(Inline, model=Gift):
        columns = ["title", "kind"]

    class BasketView(AdminView, model=Basket):
        inlines = [VoucherInline]

    client = the_site(tables, BasketView)
    _, data = opened(client)

    assert send(client, data, gifts__n0__title="Flowers").status_code == 303


@pytest.mark.parametrize(
    "written",
    [
        ["gifts"],
        [Basket.gifts],
        [Gift],
        [(Gift, {"form_columns": ["title"]})],
        [type("GiftInline", (StackedInline,), {"model": Gift, "columns": ["title"]})],
    ],
)
def test_inlines_are_written_in_the_ways_people_know(tables: Database, basket: int, written: list):
    view = type("BasketView", (AdminView,), {"inlines": written}, model=Basket)
    client = the_site(tables, view)
    _, data = opened(client)

    assert "fruits|k1|name" not in data
    assert send(client, data, gifts__n0__title="Flowers").status_code == 303


def test_flask_admins_name_for_inlines_is_understood(tables: Database, basket: int):
    class BasketView(AdminView, model=Basket):
        inline_models = (Gift,)

    assert "Add gift" in opened(the_site(tables, BasketView))[0]


def test_no_inlines_are_made_where_the_view_says_so(tables: Database, basket: int):
    class NoInlines(AdminView, model=Basket):
        inlines = []

    class Chosen(AdminView, model=Basket):
        form_columns = ["name"]

    class Without(AdminView, model=Basket):
        form_excluded_columns = ["fruits"]

    for view in (NoInlines, Chosen, Without):
        assert "data-inline" not in opened(the_site(tables, view))[0]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (["nothing"], "no relation"),
        (["name"], "no relation"),
        ([Thing], "no relation leads there"),
        ([(Gift, {"colour": "red"})], "no option 'colour'"),
        ([type("Wrong", (Inline,), {"model": Gift, "columns": ["taste"]})], "'taste'"),
        ([type("Wrong", (Inline,), {"model": Gift, "order_by": "title"})], "whole number"),
        ([type("Wrong", (Inline,), {"model": Gift, "layout": "round"})], "tabular or stacked"),
    ],
)
def test_names_that_cannot_be_meant_stop_the_site_with_words(tables: Database, written: list, why: str):
    view = type("BasketView", (AdminView,), {"inlines": written}, model=Basket)

    with pytest.raises(ConfigurationError, match=why):
        the_site(tables, view)


def test_the_hooks_of_the_rows_view_are_run(tables: Database, basket: int):
    seen: list[tuple[Any, ...]] = []

    class FruitView(AdminView, model=Fruit):
        async def on_model_change(self, data, model, is_created, request):
            data["weight"] = 99
            seen.append(("on", model and model.name, is_created))

        async def after_model_change(self, data, model, is_created, request):
            seen.append(("after", model.name, is_created))

        async def on_model_delete(self, model, request):
            seen.append(("on delete", model.name))

        async def after_model_delete(self, model, request):
            seen.append(("after delete",))

    client = the_site(tables, FruitView)
    _, data = opened(client)
    answer = send(
        client, data, fruits__k1__name="avocado", fruits__n0__name="fig", **{"fruits__k2__:remove": "true"}
    )

    assert answer.status_code == 303, answer.text
    assert sorted(seen, key=str) == sorted(
        [
            ("on", "apple", False),
            ("on", None, True),
            ("on delete", "banana"),
            ("after", "avocado", False),
            ("after", "fig", True),
            ("after delete",),
        ],
        key=str,
    )
    assert fruits(tables) == {"avocado": 99, "cherry": 30, "fig": 99}


def test_a_dialog_shows_the_record_without_its_rows(tables: Database, basket: int):
    page = the_site(tables).get("/admin/basket/edit/1", headers={"X-Panel": "yes"})

    assert "data-inline" not in page.text
