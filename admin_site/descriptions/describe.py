"""The one place that questions a mapper."""

import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError
from sqlalchemy.orm import Mapper, registry

from admin_site.descriptions import labels, names
from admin_site.descriptions.computed import computed_fields
from admin_site.descriptions.constraints import rules_of
from admin_site.descriptions.english import in_plural
from admin_site.descriptions.fields import column_fields, domain_rules
from admin_site.descriptions.model import Description, Field, Relation
from admin_site.descriptions.notes import with_notes
from admin_site.descriptions.places import places
from admin_site.descriptions.reasons import in_words_of
from admin_site.descriptions.relations import relations
from admin_site.descriptions.uniques import uniques_of
from admin_site.errors import ConfigurationError

Source = Any  # a declarative base, a registry or a mapped class; SQLAlchemy has no common type for them


def describe(mapped: Mapper[Any] | type) -> Description:
    """Return the description of a mapper or mapped class; always the same one for the same mapper."""
    mapper = mapped if isinstance(mapped, Mapper) else sa.inspect(mapped)
    return _describe(mapper)


def mapped_classes(sources: Iterable[Source]) -> tuple[type, ...]:
    """Return the mapped classes of declarative bases, registries and classes: each once, in order of name."""
    found = {mapper.class_: mapper for source in sources for mapper in _mappers(source)}
    return tuple(
        sorted(found, key=lambda model: (model.__module__, model.__qualname__, _table(found[model])))
    )


def _mappers(source: Source) -> Iterator[Mapper[Any]]:
    mapper = sa.inspect(source, raiseerr=False)
    if isinstance(mapper, Mapper):
        yield mapper
    elif isinstance(source, registry):
        source.configure(cascade=True)
        yield from source.mappers
    elif isinstance(found := getattr(source, "registry", getattr(source, "_sa_registry", None)), registry):
        yield from _mappers(found)
    else:
        raise ConfigurationError(f"{source!r} is no declarative base, registry or mapped class")


@cache
def _describe(mapper: Mapper[Any]) -> Description:
    model = mapper.class_
    found = places(mapper)
    rules = (*domain_rules(found), *rules_of(mapper, found))
    uniques = uniques_of(mapper, found)
    columns = with_notes(column_fields(mapper, found, rules), rules, uniques)
    fields = (*columns, *computed_fields(mapper, columns))
    related = relations(mapper)
    name = names.name_of(mapper)
    key = tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)
    read_only = _why_read_only(mapper, in_plural(name))
    naming = () if labels.defines_str(model) else labels.naming_fields(name, model, columns)
    return Description(
        model=model,
        mapper=mapper,
        identity=names.slug_of(model.__name__) or "model",
        name=name,
        name_plural=in_plural(name),
        subject=names.subject_of(model.__module__, _schema(mapper)),
        table=_table(mapper),
        fields=fields,
        relations=related,
        key=key,
        rules=rules,
        uniques=uniques,
        label_fields=next(iter(naming), ()),
        other_label_fields=naming[1:],
        key_is_generated=all(field.generated for field in fields if field.name in key),
        abstract_reason=read_only or _abstract_reason(mapper, fields, related),
        read_only=read_only,
    )


def _table(mapper: Mapper[Any]) -> str:
    table = mapper.local_table
    return table.fullname if isinstance(table, Table) else ""


def _schema(mapper: Mapper[Any]) -> str:
    table = mapper.local_table
    return (table.schema or "") if isinstance(table, Table) else ""


def _why_read_only(mapper: Mapper[Any], plural: str) -> str:
    """Return why SQLAlchemy cannot save or delete records of the class; "" when it can.

    A table's info={"read_only": ...} says so too.
    """
    if not isinstance(mapper.local_table, Table):
        return f"{plural} are read from a query, which cannot be changed."
    for table in (table for table in mapper.tables if isinstance(table, Table)):
        if mark := in_words_of(table.info.get("read_only")):
            return mark
        for key in sorted(table.foreign_keys, key=lambda key: key.target_fullname):
            try:
                key.column  # noqa: B018 - it raises where there is none
            except (NoReferencedTableError, NoReferencedColumnError):
                return f"{plural} cannot be saved: they refer to {key.target_fullname}, which no model has."
    return ""


def _abstract_reason(mapper: Mapper[Any], fields: Iterable[Field], related: Iterable[Relation]) -> str:
    """Return why no record of this very class can be made; "" when one can."""
    name = names.name_of(mapper)
    if inspect.isabstract(mapper.class_):
        return f"{name} is abstract: add one of its kinds."
    if mapper.polymorphic_abstract or _has_no_identity(mapper):
        return f"{name} is the common part of other models: add one of those."
    items: tuple[Field | Relation, ...] = (*fields, *related)
    for item in items:
        if item.required and item.read_only:
            return f"It needs a value of {item.label}, which cannot be typed: {item.read_only}"
    return ""


def _has_no_identity(mapper: Mapper[Any]) -> bool:
    """Whether the class leaves it to its subclasses to say what kind a record is."""
    return (
        mapper.polymorphic_on is not None
        and mapper.polymorphic_identity is None
        and any(other is not mapper for other in mapper.self_and_descendants)
    )
