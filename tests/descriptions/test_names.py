"""Identifiers as the words that people know things by."""

import pytest
from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, String, Table, create_engine
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import DeclarativeBase, Mapped, declarative_base, mapped_column, registry, relationship

from admin_site import models
from admin_site.descriptions import Kind, describe, mapped_classes
from admin_site.descriptions.english import in_plural, in_singular
from admin_site.descriptions.names import in_snake_case, in_words, slug_of, subject_of
from admin_site.listing.defaults import columns_of, created_field
from admin_site.models import UserType
from tests import zoo

OURS = mapped_classes([models.Base])
EVERY = (*OURS, *zoo.PORTABLE, *zoo.POSTGRESQL, *zoo.DESCRIBED_ONLY)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("first_name", "First name"),
        ("FirstName", "First name"),
        ("UserType", "User type"),
        ("HTTPServer", "HTTP server"),
        ("user_id", "User ID"),
        ("userID", "User ID"),
        ("CustomerId", "Customer ID"),
        ("ipAddress", "IP address"),
        ("ISBN", "ISBN"),
        ("last_update", "Last update"),
        ("CITY", "City"),
        ("FIRST_NAME", "First name"),
        ("CUSTOMER_ID", "Customer ID"),
        ("_private", "Private"),
        ("class_", "Class"),
        ("x", "X"),
        ("__", "__"),
        ("größe_in_cm", "Größe in cm"),
        ("order2item", "Order2item"),
        ("Order2Item", "Order2 item"),
        ("Order Details", "Order details"),
    ],
)
def test_identifiers_in_words(name: str, words: str):
    assert in_words(name) == words


@pytest.mark.parametrize("name", ["first_name", "FirstName", "firstName", "First Name"])
def test_identifiers_are_understood_in_any_spelling(name: str):
    assert in_snake_case(name) == "first_name"


@pytest.mark.parametrize(
    ("words", "plural"),
    [
        ("User type", "User types"),
        ("Audit entry", "Audit entries"),
        ("Day", "Days"),
        ("Person", "People"),
        ("Box", "Boxes"),
        ("Branch", "Branches"),
        ("Address", "Addresses"),
        ("Status", "Statuses"),
        ("Shelf", "Shelves"),
        ("House", "Houses"),
        ("Photo", "Photos"),
        ("Hero", "Heroes"),
        ("Movie", "Movies"),
        ("Alias", "Aliases"),
        ("Hypothesis", "Hypotheses"),
        ("Database", "Databases"),
        ("API", "APIs"),
    ],
)
def test_singulars_and_plurals(words: str, plural: str):
    assert in_plural(words) == plural
    assert in_singular(plural) == words
    assert in_plural(plural) == plural
    assert in_singular(words) == words


@pytest.mark.parametrize("words", ["Settings", "Sales data", "News", "Series", "Staff"])
def test_words_that_are_both_singular_and_plural_stay(words: str):
    assert in_plural(words) == words
    assert in_singular(words) == words


@pytest.mark.parametrize(
    ("module", "schema", "subject"),
    [
        ("shop.billing.models", "", "Billing"),
        ("shop.models", "", "Shop"),
        ("shop.db.tables", "", "Shop"),
        ("app.models.users", "", "Users"),
        ("models", "", "Records"),
        ("app.orm", "", "Records"),
        ("__main__", "", "Records"),
        ("sqlalchemy.ext.automap", "", "Records"),
        ("sqlalchemy.ext.automap", "public", "Records"),
        ("sqlalchemy.ext.automap", "human_resources", "Human resources"),
        ("shop.billing.models", "sales", "Billing"),
    ],
)
def test_the_subject_is_the_part_of_the_module_that_says_something(module: str, schema: str, subject: str):
    assert subject_of(module, schema) == subject


def test_the_subject_of_a_class_is_its_module():
    assert describe(UserType).subject == "School"


def test_the_identity_is_that_of_sqladmin():
    from sqladmin.helpers import slugify_class_name

    for model in EVERY:
        assert describe(model).identity == slugify_class_name(model.__name__) == slug_of(model.__name__)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Order Details", "order-details"),
        ("Ünïcode %/Spalte?", "ünïcode-spalte"),
        ("order_items", "order_items"),
    ],
)
def test_an_identity_holds_nothing_that_stands_in_the_way_in_an_address(name: str, slug: str):
    assert slug_of(name) == slug


def test_a_class_of_odd_characters_alone_has_an_identity():
    mapped = registry()

    class Odd:
        pass

    Odd.__name__ = "%%"
    mapped.map_imperatively(Odd, Table("odd", MetaData(), Column("id", Integer, primary_key=True)))

    assert describe(Odd).identity == "model"


def _named(base: type[DeclarativeBase], class_name: str, table: str) -> str:
    members = {"__tablename__": table, "id": mapped_column(Integer, primary_key=True)}
    return describe(type(class_name, (base,), members)).name


@pytest.mark.parametrize(
    ("class_name", "table", "name"),
    [
        ("order_items", "order_items", "Order item"),
        ("Orders", "orders", "Order"),
        ("Territories", "Territories", "Territory"),
        ("Address", "address", "Address"),
        ("News", "news", "News"),
        ("UserModel", "users", "User"),
        ("InvoiceTable", "invoice", "Invoice"),
        ("tbl_invoices", "tbl_invoices", "Invoice"),
        ("CarORM", "cars", "Car"),
        ("Model", "models", "Model"),
        ("Sales", "turnover", "Sales"),
    ],
)
def test_a_class_is_called_what_one_of_its_records_is(base, class_name: str, table: str, name: str):
    assert _named(base, class_name, table) == name


def test_a_name_is_not_simplified_into_that_of_another_class(base):
    class User(base):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)

    class UserModel(base):
        __tablename__ = "user_models"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Order(base):
        __tablename__ = "order_"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Orders(base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)

    assert [describe(model).name for model in (User, UserModel, Order, Orders)] == [
        "User",
        "User model",
        "Order",
        "Orders",
    ]


def _automap():
    metadata = MetaData()
    Table("customers", metadata, Column("Id", Integer, primary_key=True), Column("Name", String(20)))
    for name in ("orders", "notes", "visits", "bills"):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            Column("customer_id", ForeignKey("customers.Id")),
        )
    Table(
        "order_lines", metadata, Column("id", Integer, primary_key=True), Column("o", ForeignKey("orders.id"))
    )
    mapped = automap_base(metadata=metadata)
    mapped.prepare()
    return mapped.classes


def test_what_automap_calls_relations_is_put_in_words():
    classes = _automap()

    order, customer = describe(classes.orders), describe(classes.customers)
    assert (order.name, order.name_plural, order.subject) == ("Order", "Orders", "Records")
    assert order.relation("customers").label == "Customer"
    assert order.relation("order_lines_collection").label == "Order lines"
    assert customer.relation("orders_collection").label == "Orders"
    assert customer.label_fields == ("Name",)


def test_what_automap_makes_of_tables_has_the_same_order_in_every_run():
    orders = {tuple(relation.name for relation in describe(_automap().customers).relations) for _ in range(5)}

    assert orders == {("bills_collection", "notes_collection", "orders_collection", "visits_collection")}


def test_columns_keep_the_order_of_their_table():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (z INTEGER PRIMARY KEY, b TEXT, a TEXT, y TEXT, c TEXT)")
    mapped = automap_base()
    mapped.prepare(autoload_with=engine)

    assert [field.name for field in describe(mapped.classes.t).fields] == ["z", "b", "a", "y", "c"]
    engine.dispose()


def test_names_in_camel_case_mean_what_they_say():
    class Ticket(declarative_base()):
        __tablename__ = "tickets"
        Id = Column(Integer, primary_key=True)
        FirstName = Column(String(20))
        LastName = Column(String(20))
        Title = Column(String(20))
        IsOpen = Column(Integer)
        LongDescription = Column(String)

    description = describe(Ticket)

    assert [field.label for field in description.fields] == [
        "ID",
        "First name",
        "Last name",
        "Title",
        "Is open",
        "Long description",
    ]
    assert description.field("LongDescription").kind is Kind.LONG_TEXT
    assert description.label_fields == ("FirstName", "LastName")


def test_a_relation_is_called_what_its_class_says(base):
    class MediaType(base):
        __tablename__ = "media_types"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Track(base):
        __tablename__ = "tracks"
        id: Mapped[int] = mapped_column(primary_key=True)
        media_type_id: Mapped[int] = mapped_column(ForeignKey("media_types.id"))
        mediatype: Mapped[MediaType] = relationship()

    assert describe(Track).relation("mediatype").label == "Media type"


def test_moments_in_any_spelling_say_when_a_record_was_made_or_changed():
    class Film(declarative_base()):
        __tablename__ = "films"
        Id = Column(Integer, primary_key=True)
        Name = Column(String(20))
        CreateDate = Column(DateTime)
        LastUpdate = Column(DateTime)
        ModifiedDate = Column(DateTime)

    assert created_field(describe(Film)) == "CreateDate"
    assert columns_of(describe(Film)) == ("Name", "CreateDate")
