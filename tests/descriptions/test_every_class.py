"""The description of any mapped class."""

import pytest
from sqlalchemy import (
    Text,
    create_engine,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import (
    Mapped,
    Session,
    mapped_column,
    undefer,
)

from admin_site import models
from admin_site.descriptions import Kind, describe, mapped_classes
from admin_site.errors import ConfigurationError
from admin_site.listing.untyped import operands
from admin_site.models import Enrollment, User
from tests import zoo
from tests.zoo import keys, names

OURS = mapped_classes([models.Base])
EVERY = (*OURS, *zoo.PORTABLE, *zoo.POSTGRESQL, *zoo.DESCRIBED_ONLY)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_every_class_is_described_in_full(model):
    description = describe(model)

    mapper = description.mapper
    named = {field.name for field in description.fields} | {item.name for item in description.relations}
    assert description.name
    assert description.name_plural
    assert description.subject
    assert set(description.key) <= named
    assert {relation.name for relation in description.relations} == set(mapper.relationships.keys())
    assert len(named) == len(description.fields) + len(description.relations)
    for field in description.fields:
        assert field.label
        assert isinstance(field.kind, Kind)
        assert (field.kind == Kind.CHOICE) == bool(field.choices)
        assert (field.kind == Kind.ARRAY) == (field.item is not None)
        assert field.kind != Kind.OPAQUE or field.read_only
        assert field.column is not None or field.read_only
        assert not (field.required and (field.nullable or field.generated))
        assert not field.secret or not (field.searchable or field.sortable)
        assert field.target is None or describe(field.target).field(field.target_field)
    for relation in description.relations:
        assert relation.collection or not relation.many
        assert set(relation.columns) <= named
        assert not relation.reverse or describe(relation.target).relation(relation.reverse)


def test_a_class_is_described_once():
    assert describe(User) is describe(User.__mapper__)


def test_fields_and_relations_are_found_by_name():
    description = describe(Enrollment)

    assert description.field("end_date").label == "End date"
    assert description.relation("course").target.__name__ == "Course"
    assert description.has("end_date")
    assert description.has("course")
    assert not description.has("grade")
    with pytest.raises(KeyError):
        description.field("course")
    with pytest.raises(KeyError):
        description.relation("end_date")


def test_classes_of_bases_registries_and_classes_come_once_and_in_order(base):
    class Zebra(base):
        __tablename__ = "zebras"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Ant(base):
        __tablename__ = "ants"
        id: Mapped[int] = mapped_column(primary_key=True)

    assert mapped_classes([base, base.registry, Zebra]) == (Ant, Zebra)
    assert mapped_classes([Zebra]) == (Zebra,)
    assert mapped_classes([]) == ()
    with pytest.raises(ConfigurationError):
        mapped_classes([object])


def test_classes_of_one_name_are_kept_apart():
    first, second = describe(keys.TextKey), describe(names.TextKey)

    assert first.name == second.name
    assert (first.key, second.key) == (("code",), ("id",))


def test_every_field_that_says_so_can_be_sorted_compared_and_searched(empty_database_url):
    engine = create_engine(empty_database_url)
    zoo.create(engine)
    with Session(engine) as session:
        zoo.fill(session)
        session.commit()
        for model in zoo.models_on(engine.dialect.name):
            records = session.scalars(select(model).options(undefer("*"))).all()
            for field in describe(model).fields:
                if field.sortable:
                    values = (getattr(record, field.name) for record in records)
                    value = next((value for value in values if value is not None), None)
                    column, value = operands(getattr(model, field.name), value)
                    session.scalars(
                        select(model).where(column >= value).order_by(column.desc()).limit(2)
                    ).all()
                if field.searchable:
                    text = type_coerce(getattr(model, field.name), Text())
                    session.scalars(select(model).where(text.icontains("%_", autoescape=True)).limit(2)).all()
    engine.dispose()


def test_the_zoo_has_rows_and_samples_of_every_class(empty_database_url):
    engine = create_engine(empty_database_url)
    zoo.create(engine)
    with Session(engine) as session:
        zoo.fill(session)
        for model in zoo.models_on(engine.dialect.name):
            assert session.scalar(select(func.count()).select_from(model)) >= 2, model
            if not describe(model).abstract_reason and model not in zoo.VIEWS:
                session.add(zoo.new(session, model))
                session.add(zoo.new(session, model)) if model is not keys.ChoiceKey else None
                session.flush()
    engine.dispose()
