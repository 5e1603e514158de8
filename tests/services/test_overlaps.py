"""Relations that share a column agree, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, relationship

from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.errors import Invalid
from admin_site.permissions import COMMAND_LINE
from admin_site.services import records
from admin_site.services.records import Members


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "orders"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)

    lines: Mapped[list["Line"]] = relationship(back_populates="order", overlaps="product,tenant,lines")


class Product(Base):
    __tablename__ = "products"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


def to_order() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "order_number"], ["orders.tenant_id", "orders.number"])


def to_product() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "product_number"], ["products.tenant_id", "products.number"])


class Line(Base):
    """Every column may be empty."""

    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    order_number: Mapped[int | None]
    product_number: Mapped[int | None]

    tenant: Mapped[Tenant | None] = relationship(overlaps="lines,order,product")
    order: Mapped[Order | None] = relationship(back_populates="lines", overlaps="product,tenant")
    product: Mapped[Product | None] = relationship(overlaps="lines,order,tenant")

    __table_args__ = (to_order(), to_product())


class FirmLine(Base):
    """Has a tenant even where it has neither an order nor a product."""

    __tablename__ = "firm_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    order_number: Mapped[int | None]
    product_number: Mapped[int | None]

    order: Mapped[Order | None] = relationship(overlaps="product")
    product: Mapped[Product | None] = relationship(overlaps="order")

    __table_args__ = (to_order(), to_product())


class KeyedLine(Base):
    """Its tenant is a part of its key."""

    __tablename__ = "keyed_lines"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[int | None]

    tenant: Mapped[Tenant] = relationship(overlaps="order")
    order: Mapped[Order | None] = relationship(overlaps="tenant")

    __table_args__ = (to_order(),)


class DataclassLine(MappedAsDataclass, Base):
    """Its constructor sets every relation that is left out to None."""

    __tablename__ = "dataclass_lines"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    tenant_id: Mapped[int | None] = mapped_column(init=False)
    order_number: Mapped[int | None] = mapped_column(init=False)
    product_number: Mapped[int | None] = mapped_column(init=False)

    order: Mapped[Order | None] = relationship(overlaps="product", default=None)
    product: Mapped[Product | None] = relationship(overlaps="order", default=None)

    __table_args__ = (to_order(), to_product())


@pytest.fixture
def shop(database: Database) -> Iterator[Session]:
    """A session with two tenants; each has the orders 1 and 2 and the products 1 and 2."""
    Base.metadata.create_all(database.engine)
    with database.new_session_maker()() as session:
        session.add_all(Tenant(id=tenant) for tenant in (1, 2))
        session.flush()
        for model in (Order, Product):
            session.add_all(model(tenant_id=tenant, number=number) for tenant in (1, 2) for number in (1, 2))
        session.commit()
        yield session


def create(session: Session, model: type, **values: Any) -> Any:
    return records.create(session, COMMAND_LINE, describe(model), values)


def update(session: Session, record: Any, **values: Any) -> None:
    records.update(session, COMMAND_LINE, describe(type(record)), record, values)


def stored(session: Session, record: Any) -> tuple[int | None, int | None, int | None]:
    """Return tenant, order and product of a line as the database has them, all relations agreeing."""
    session.commit()
    held = record.tenant_id, record.order_number, getattr(record, "product_number", None)
    for name, number in (("order", held[1]), ("product", held[2])):
        partner = getattr(record, name, None)
        assert (partner and (partner.tenant_id, partner.number)) == (number and (held[0], number))
    return held


@pytest.mark.parametrize("model", [Line, FirmLine, DataclassLine])
def test_a_new_record_has_relations_that_agree(shop, model):
    line = create(shop, model, order=shop.get(Order, (1, 1)), product=shop.get(Product, (1, 2)))

    assert stored(shop, line) == (1, 1, 2)


@pytest.mark.parametrize("model", [Line, FirmLine, DataclassLine])
@pytest.mark.parametrize("is_said", [True, False])
def test_an_empty_relation_of_a_new_record_has_no_say_in_what_it_shares(shop, model, is_said):
    empty = {"product": None} if is_said else {}

    assert stored(shop, create(shop, model, order=shop.get(Order, (2, 1)), **empty)) == (2, 1, None)
    empty = {"order": None} if is_said else {}
    assert stored(shop, create(shop, model, **empty, product=shop.get(Product, (2, 1)))) == (2, None, 1)


@pytest.mark.parametrize("model", [Line, FirmLine, DataclassLine])
def test_relations_that_contradict_each_other_are_refused_by_field(shop, model):
    with pytest.raises(Invalid) as refused:
        create(shop, model, order=shop.get(Order, (1, 1)), product=shop.get(Product, (2, 1)))

    assert refused.value.errors == {
        "order": "This does not go together with Product: the two differ in Tenant ID.",
        "product": "This does not go together with Order: the two differ in Tenant ID.",
    }


@pytest.mark.parametrize(("model", "other"), [(Line, "Tenant"), (FirmLine, "Product")])
def test_a_change_that_contradicts_what_stays_is_refused_beside_it(shop, model, other):
    line = create(shop, model, order=shop.get(Order, (1, 1)), product=shop.get(Product, (1, 1)))
    shop.commit()

    with pytest.raises(Invalid) as refused:
        update(shop, line, order=shop.get(Order, (2, 1)))

    assert refused.value.errors == {
        "order": f"This does not go together with {other}: the two differ in Tenant ID."
    }
    shop.rollback()
    assert stored(shop, line) == (1, 1, 1)


def test_the_owner_of_both_cannot_be_changed_alone(shop):
    line = create(shop, Line, order=shop.get(Order, (1, 1)))
    shop.commit()

    with pytest.raises(Invalid) as refused:
        update(shop, line, tenant=shop.get(Tenant, 2))
    assert refused.value.errors == {
        "tenant": "This does not go together with Order: the two differ in Tenant ID."
    }
    shop.rollback()

    with pytest.raises(Invalid) as refused:
        update(shop, line, tenant=None)
    assert refused.value.errors == {"tenant": "Order needs it. Empty both, or neither."}
    shop.rollback()

    update(shop, line, tenant=shop.get(Tenant, 2), order=shop.get(Order, (2, 2)))
    assert stored(shop, line) == (2, 2, None)
    update(shop, line, tenant=None, order=None)
    assert stored(shop, line) == (None, None, None)


def test_a_column_that_is_given_contradicts_too(shop):
    line = create(shop, Line)

    with pytest.raises(Invalid) as refused:
        update(shop, line, tenant_id=2, order=shop.get(Order, (1, 1)))

    assert set(refused.value.errors) == {"tenant_id", "order"}


@pytest.mark.parametrize("model", [DataclassLine, FirmLine])
def test_relations_change_together(shop, model):
    line = create(shop, model, order=shop.get(Order, (1, 1)), product=shop.get(Product, (1, 1)))
    shop.commit()

    update(shop, line, order=shop.get(Order, (2, 1)), product=shop.get(Product, (2, 2)))
    assert stored(shop, line) == (2, 1, 2)
    update(shop, line, order=shop.get(Order, (1, 2)), product=None)
    assert stored(shop, line) == (1, 2, None)


@pytest.mark.parametrize("model", [Line, FirmLine])
def test_an_emptied_relation_leaves_to_the_other_what_they_share(shop, model):
    line = create(shop, model, order=shop.get(Order, (1, 1)), product=shop.get(Product, (1, 2)))
    shop.commit()

    update(shop, line, order=None)

    assert line.order is None
    assert line not in shop.get(Order, (1, 1)).lines if model is Line else True
    assert stored(shop, line) == (1, None, 2)
    update(shop, line, order=None)
    assert stored(shop, line) == (1, None, 2)


@pytest.mark.parametrize(("model", "tenant"), [(DataclassLine, None), (FirmLine, 1)])
def test_the_last_relation_empties_what_may_be_empty(shop, model, tenant):
    line = create(shop, model, order=shop.get(Order, (1, 1)))
    shop.commit()

    update(shop, line, order=None)

    assert stored(shop, line) == (tenant, None, None)


def test_a_relation_over_a_part_of_the_key_changes_within_it(shop):
    line = create(shop, KeyedLine, number=1, order=shop.get(Order, (1, 1)))
    shop.commit()

    update(shop, line, order=shop.get(Order, (1, 2)))
    assert stored(shop, line) == (1, 2, None)
    with pytest.raises(Invalid) as refused:
        update(shop, line, order=shop.get(Order, (2, 2)))
    assert refused.value.errors == {
        "order": "Tenant ID is a part of this record's key, which stays as it is."
    }
    shop.rollback()
    update(shop, line, order=None)
    assert stored(shop, line) == (1, None, None)


@pytest.mark.parametrize("tenant", [2, None])
def test_a_relation_over_nothing_but_the_key_stays(shop, tenant):
    line = create(shop, KeyedLine, number=1, tenant=shop.get(Tenant, 1))
    shop.commit()
    update(shop, line, tenant=shop.get(Tenant, 1))

    with pytest.raises(Invalid) as refused:
        update(shop, line, tenant=tenant and shop.get(Tenant, tenant))

    assert refused.value.errors == {
        "tenant": "Tenant ID is a part of this record's key, which stays as it is."
    }


def test_members_join_and_leave_only_where_nothing_of_theirs_is_undone(shop):
    free = create(shop, Line)
    bound = create(shop, Line, product=shop.get(Product, (1, 1)))
    shop.commit()
    first, second = shop.get(Order, (1, 1)), shop.get(Order, (2, 1))

    with pytest.raises(Invalid) as refused:
        update(shop, second, lines=Members(add=[bound]))
    assert "cannot join: its Tenant differs in Tenant ID." in refused.value.errors["lines"]
    shop.rollback()

    update(shop, first, lines=Members(add=[bound, free]))
    assert (stored(shop, bound), stored(shop, free)) == ((1, 1, 1), (1, 1, None))
    update(shop, first, lines=Members(remove=[bound, free]))
    assert first.lines == []
    assert (stored(shop, bound), stored(shop, free)) == ((1, None, 1), (1, None, None))
