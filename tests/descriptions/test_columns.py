"""What a column says about its field."""

from sqlalchemy import (
    Column,
    FetchedValue,
    ForeignKey,
    Index,
    func,
)
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
    orm_insert_sentinel,
    relationship,
)

from admin_site.descriptions import NO_DEFAULT, describe
from admin_site.models import User, UserType
from tests.zoo import columns, postgresql, relations


def test_a_field_is_required_when_nothing_else_fills_it():
    demands = describe(columns.Demands)
    defaults = describe(columns.Defaults)

    assert all(field.required for field in demands.fields if field.name != "id")
    assert [field.name for field in defaults.fields if field.required] == ["name"]
    assert not any(field.required for field in describe(columns.Scalars).fields)


def test_plain_defaults_are_known_and_others_are_generated():
    description = describe(columns.Defaults)
    plain = {field.name: field.default for field in description.fields if field.default is not NO_DEFAULT}
    generated = {field.name for field in description.fields if field.generated}

    assert plain == {"scalar": 7, "scalar_zero": 0, "scalar_false": False}
    assert generated == {
        "id",
        "called",
        "in_context",
        "sql",
        "subquery",
        "server",
        "server_sql",
        "computed",
    }
    assert describe(columns.Choices).field("chosen").default is columns.Mood.HAPPY


def test_what_nobody_types_says_why():
    defaults = describe(columns.Defaults)
    reasons = {field.name: field.read_only for field in defaults.fields if field.read_only}

    assert reasons == {
        "id": "The database numbers new records.",
        "computed": "The database computes it.",
        "touched": "It is set whenever the record is saved.",
        "locked": "Only the night shift may change it.",
    }
    assert describe(columns.Person).field("revision").read_only
    assert describe(columns.Person).field("revision").generated
    assert describe(postgresql.Postgres).field("plain_vector").read_only
    assert describe(UserType).field("created_at").read_only == "Set when the record is created."


def test_a_trigger_fills_a_field_that_may_be_typed(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        filled: Mapped[str] = mapped_column(server_default=FetchedValue())
        bumped: Mapped[str | None] = mapped_column(server_onupdate=FetchedValue())
        marked: Mapped[str | None] = mapped_column(info={"read_only": True})
        sentinel: Mapped[int] = orm_insert_sentinel()

    description = describe(Thing)

    assert description.field("filled").generated
    assert not description.field("filled").read_only
    assert description.field("bumped").read_only
    assert description.field("marked").read_only == "It cannot be changed here."
    assert not description.has("sentinel")


def test_secrets_are_closed_in_whatever_shows_them():
    person = describe(columns.Person)
    secrets = {field.name for field in person.fields if field.secret}

    assert secrets == {"secret_word", "alias_of_secret", "secret_length", "secret_hint"}
    assert describe(User).field("password_hash").secret


def test_a_secret_is_found_through_proxies_methods_and_relations(base):
    class Owner(base):
        __tablename__ = "owners"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        code: Mapped[str] = mapped_column(info={"secret": True})

        @property
        def hint(self) -> str:
            return "".join(letter for letter in self.code)

    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
        owner: Mapped[Owner] = relationship()

        owner_code = association_proxy("owner", "code")
        owner_hint = association_proxy("owner", "hint")
        owner_name = association_proxy("owner", "name")

        def _read(self) -> str:
            return self._read_again() + self.owner.code

        def _read_again(self) -> str:
            return self._read()

        @hybrid_property
        def by_method(self) -> str:
            return self._read()

        @hybrid_property
        def harmless(self) -> str:
            return self.owner.name

    secrets = {field.name for field in describe(Thing).fields if field.secret}

    assert secrets == {"owner_code", "owner_hint", "by_method"}


def test_help_is_the_words_of_the_column():
    description = describe(columns.Scalars)

    assert description.field("short").help == "At most fifty characters."
    assert description.field("unlimited").help == "As long as you like."


def test_unique_means_alone(base):
    class Thing(base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        by_index: Mapped[str] = mapped_column(index=True, unique=True)
        partial: Mapped[str]
        lower: Mapped[str]
        whole: Mapped[str]

        __table_args__ = (
            Index("ix_partial", "partial", unique=True, postgresql_where=Column("id") > 3),
            Index("ix_lower", func.lower("lower"), unique=True),
            Index("ix_whole", "whole", unique=True),
        )

    unique = {field.name for field in describe(Thing).fields if field.unique}

    assert unique == {"id", "by_index", "whole"}
    assert describe(relations.Tag).field("name").unique
    assert not describe(columns.Limits).field("code").unique
