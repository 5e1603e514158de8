"""Relations that their mapping forbids to load, or loads by itself, on pages of a list."""

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.listing import LABEL, Listing, ListQuery, fetch, lookup
from tests.listing.walks import statements

STRATEGIES = ("raise", "raise_on_sql", "select", "joined", "selectin", "subquery", "immediate")


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[str]
    last: Mapped[str]

    def __str__(self) -> str:
        return f"{self.first} {self.last}"


def _pet(strategy: str) -> type:
    """Return a class whose one relation, which its label reads, has this strategy."""

    def label(self) -> str:
        return f"{self.name} of {self.owner}"

    return type(
        f"Pet_{strategy}",
        (Base,),
        {
            "__tablename__": f"pets_{strategy}",
            "__annotations__": {"id": Mapped[int], "name": Mapped[str], "owner_id": Mapped[int | None]},
            "id": mapped_column(primary_key=True),
            "name": mapped_column(),
            "owner_id": mapped_column(ForeignKey("owners.id")),
            "owner": relationship(Owner, lazy=strategy),
            "__str__": label,
        },
    )


PETS = {strategy: _pet(strategy) for strategy in STRATEGIES}


@pytest.fixture
def pets(empty_database_url: str) -> Iterator[Session]:
    with Database(empty_database_url, base=Base) as database:
        database.create_tables()
        with Session(database.engine) as session:
            owners = [Owner(first="Ann", last=f"Lee {number}") for number in range(20)]
            for pet in PETS.values():
                session.add_all(pet(name="Rex", owner=owner) for owner in owners)
                session.add(pet(name="Stray"))
            session.commit()
            session.expunge_all()
            yield session


@pytest.mark.parametrize("columns", [(LABEL, "name", "owner"), ("name", "owner.first"), (LABEL,), ("name",)])
def test_every_strategy_shows_the_same_page_in_as_few_statements(
    pets: Session, columns: tuple[str, ...]
) -> None:
    for pet in PETS.values():
        listing = Listing.of(describe(pet), columns=columns, page_size=50)
        query = ListQuery.parse([], listing)
        for _ in range(2):  # the first time it learns what the label reads
            pets.expunge_all()
            fetch(pets, listing, query)
        pets.expunge_all()

        with statements(pets) as heard:
            page = fetch(pets, listing, query)
            if LABEL in columns:
                assert {"Rex of Ann Lee 7", "Stray of None"} <= {page.label(row) for row in page.rows}
            if "owner.first" in columns:
                assert {row.owner.first for row in page.rows if row.owner} == {"Ann"}
            if "owner" in columns:
                assert "Ann Lee 7" in {page.label(row.owner) for row in page.rows if row.owner}

        assert len(heard) == 1, pet


def test_they_are_searched_sorted_and_looked_up_alike(pets: Session) -> None:
    for pet in PETS.values():
        listing = Listing.of(describe(pet), searchable=("owner.first",), sortable=("owner.last", "name"))
        query = ListQuery.parse([("search", "ann"), ("sort", "owner.last,-name")], listing)

        assert len(fetch(pets, listing, query).rows) == 20
        assert len(lookup(pets, describe(pet), "rex").records) == 20
