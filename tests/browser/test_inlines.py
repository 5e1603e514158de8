"""Rows of children are added, removed, brought back and moved in the form of their parent."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from admin_site import AdminView, Inline
from admin_site.models import Item, User
from tests.browser.sites import Site, Visitor
from tests.conftest import _sqlite_url


class Base(DeclarativeBase):
    pass


class Stack(Base):
    __tablename__ = "reading_stacks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(
        back_populates="stack", cascade="all, delete-orphan", order_by="Book.place"
    )


class Book(Base):
    __tablename__ = "reading_books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    place: Mapped[int]
    stack_id: Mapped[int] = mapped_column(ForeignKey("reading_stacks.id"))
    stack: Mapped[Stack] = relationship(back_populates="books")

    __table_args__ = (UniqueConstraint("stack_id", "place"),)

    def __str__(self) -> str:
        return self.title


class BookInline(Inline, model=Book):
    order_by = "place"


class StackView(AdminView, model=Stack):
    inlines = [BookInline]


@pytest.fixture
def person(site: Site) -> User:
    """Somebody who owns a kite and a lamp, and nothing else."""
    with site.database.session() as session:
        person = User(user_name="owner", email_address="owner@example.org")
        session.add(person)
        session.flush()
        for title in ("Kite", "Lamp"):
            session.add(Item(title=title, owner=person))
            session.flush()
        return person


def titles(site: Site, person: User) -> list[str]:
    with site.database.session() as session:
        return list(
            session.scalars(select(Item.title).where(Item.owner_id == person.user_id).order_by(Item.item_id))
        )


def edit(site: Site, page: Page, person: User) -> None:
    page.goto(f"{site.address}/admin/user/edit/{person.user_id}")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def items(page: Page) -> Locator:
    return page.locator("#items")


def test_a_row_is_added_and_saved_with_the_others(site: Site, page: Page, person: User):
    sent: list[str] = []
    edit(site, page, person)
    page.on(
        "request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None
    )
    items(page).get_by_role("button", name="Add item").click()

    new = items(page).locator(".inline-row").last.get_by_label("Title")
    expect(new).to_be_focused()
    new.fill("Mirror")
    expect(page.get_by_role("status").filter(has_text="New item, row 3.")).to_have_count(1)
    save(page)

    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert titles(site, person) == ["Kite", "Lamp", "Mirror"]
    form = next(text for text in sent if "Mirror" in text and ":state" in text)
    assert "items|n0|title" in form
    assert "items|k" not in form


def test_a_removed_row_is_struck_out_until_it_is_brought_back_or_saved(site: Site, page: Page, person: User):
    edit(site, page, person)
    kite = items(page).locator(".inline-row").first
    items(page).get_by_role("button", name="Remove Kite").click()
    expect(kite).to_have_class("inline-row removed")
    expect(kite.get_by_label("Title")).to_be_disabled()
    items(page).get_by_role("button", name="Bring back Kite").click()
    expect(kite.get_by_label("Title")).to_be_enabled()
    items(page).get_by_role("button", name="Remove Lamp").click()
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    save(page)

    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert titles(site, person) == ["Kite"]


def test_a_new_row_that_is_removed_again_is_none(site: Site, page: Page, person: User):
    edit(site, page, person)
    items(page).get_by_role("button", name="Add item").click()
    items(page).get_by_role("button", name="Remove new item").click()
    save(page)

    page.wait_for_url(lambda url: "/edit/" not in url)
    assert titles(site, person) == ["Kite", "Lamp"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_wrong_row_is_led_to_and_keeps_what_was_typed(
    site: Site, visit: Callable[..., Visitor], person: User, scripts: bool
):
    page = visit(site, java_script_enabled=scripts).sign_in().page
    edit(site, page, person)
    items(page).get_by_label("Title").first.fill("Dragon")
    items(page).get_by_role("button", name="Add item").click()
    items(page).get_by_label("Description").last.fill("Without a title")
    if scripts:
        page.evaluate("document.querySelector('#record-form').noValidate = true")
    save(page)

    problem = page.get_by_role("alert").get_by_role("link", name="Items, new row, Title")
    expect(problem).to_be_visible()
    expect(items(page).get_by_label("Title").first).to_have_value("Dragon")
    expect(items(page).get_by_label("Description").last).to_have_value("Without a title")
    problem.click()
    expect(items(page).get_by_label("Title").last).to_be_focused()
    assert titles(site, person) == ["Kite", "Lamp"]

    items(page).get_by_label("Title").last.fill("Vase")
    save(page)
    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert titles(site, person) == ["Dragon", "Lamp", "Vase"]


def test_looking_at_rows_is_no_change(site: Site, page: Page, person: User):
    edit(site, page, person)
    items(page).get_by_label("Title").first.click()
    items(page).get_by_label("Title").first.fill("Other")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    items(page).get_by_label("Title").first.fill("Kite")

    expect(page.get_by_text("Unsaved changes")).to_be_hidden()


@pytest.fixture
def stack(seeded_file: Path, tmp_path: Path) -> Iterator[Site]:
    """A site with a stack of three books in an order."""
    file = Path(shutil.copy(seeded_file, tmp_path / "books.sqlite3"))
    with Site(_sqlite_url(file), models=[Stack, Book], views=[StackView]) as site:
        Base.metadata.create_all(site.database.engine)
        with site.database.session() as session:
            session.add(Stack(name="Novels"))
            session.flush()
            session.add_all(
                Book(title=title, place=place, stack_id=1)
                for place, title in enumerate(("Emma", "Ulysses", "Walden"), 1)
            )
        yield site


def test_rows_are_moved_by_keyboard_and_by_buttons(stack: Site, visit: Callable[..., Visitor]):
    page = visit(stack).sign_in().go("/admin/stack/edit/1")
    walden = page.locator("#books-k3").get_by_label("Title")
    walden.focus()
    walden.press("Alt+ArrowUp")
    expect(page.get_by_role("status").filter(has_text="Row 2 of 3.")).to_have_count(1)
    expect(walden).to_be_focused()
    walden.press("Alt+ArrowUp")
    page.locator("#books-k1").get_by_role("button", name="Move Emma down").click()
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    save(page)

    expect(page.locator(".toasts")).to_contain_text("was saved")
    with stack.database.session() as session:
        assert session.execute(select(Book.title, Book.place).order_by(Book.place)).all() == [
            ("Walden", 1),
            ("Ulysses", 2),
            ("Emma", 3),
        ]


def test_a_page_of_rows_is_left_with_what_was_changed_on_it(stack: Site, visit: Callable[..., Visitor]):
    with stack.database.session() as session:
        session.add_all(Book(title=f"Book {place}", place=place, stack_id=1) for place in range(4, 61))
    page = visit(stack).sign_in().go("/admin/stack/edit/1")
    page.locator("#books-k1").get_by_label("Title").fill("Persuasion")
    page.get_by_role("button", name="Next Books").click()

    expect(page.locator("#books-k55")).to_be_visible()
    expect(page.locator("#books-k2")).to_have_count(0)
    expect(page.locator("#books-k1").get_by_label("Title")).to_have_value("Persuasion")
    save(page)
    expect(page.locator(".toasts")).to_contain_text("was saved")
    with stack.database.session() as session:
        assert session.get(Book, 1).title == "Persuasion"
        assert session.scalar(select(func.count()).select_from(Book)) == 60
