"""The attributes of a mapped class that no single column stands behind."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Column
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import Null

from admin_site.descriptions.kinds import shape_of
from admin_site.descriptions.model import NO_DEFAULT, Field, Kind
from admin_site.descriptions.names import in_words
from admin_site.descriptions.reasons import SECRET
from admin_site.descriptions.secrecy import reads_secret, tells_personal, tells_secret
from admin_site.descriptions.shapes import field_of

EXPRESSION = "It is computed from other columns."
HYBRID = "It is computed; change the fields it is made of."
SYNONYM = "It is another name for {}."
COMPOSITE = "It is made of {}, which can be changed."
PROXY = "It shows values of its {}."


def computed_fields(mapper: Mapper[Any], columns: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return hybrids, synonyms, composites, proxies and expressions as fields nobody types into."""
    known = {field.name: field for field in columns}
    found = [
        *_expressions(mapper),
        *_composites(mapper, known),
        *_synonyms(mapper, known),
        *_hybrids(mapper),
        *_proxies(mapper),
    ]
    return tuple(_open_or_secret(mapper, field) for field in found if field.name not in known)


def _expressions(mapper: Mapper[Any]) -> Iterator[Field]:
    for prop in mapper.column_attrs:
        expression = prop.columns[0]
        is_attribute = hasattr(mapper.class_, prop.key)  # the mapper's own discriminator is none
        if is_attribute and not isinstance(expression, Column) and not _is_null(expression):
            field = _of_expression(prop.key, expression, EXPRESSION)
            yield replace(field, deferred=bool(prop.deferred), help=prop.doc or "")


def _is_null(expression: Any) -> bool:
    """Whether it is a query_expression(), which holds nothing unless a query fills it."""
    return isinstance(getattr(expression, "element", expression), Null)


def _composites(mapper: Mapper[Any], known: dict[str, Field]) -> Iterator[Field]:
    for prop in mapper.composites:
        parts = [known[part.key] for part in prop.props if part.key in known]
        field = _opaque(prop.key, COMPOSITE.format(_listed([part.label for part in parts])))
        yield replace(field, help=prop.doc or "")


def _synonyms(mapper: Mapper[Any], known: dict[str, Field]) -> Iterator[Field]:
    """Yield synonyms of columns; a synonym of a relation would load it a second time."""
    for prop in mapper.synonyms:
        original = known.get(prop.name)
        if original is not None:
            yield replace(
                original,
                name=prop.key,
                label=in_words(prop.key),
                column=None,
                required=False,
                unique=False,
                primary_key=False,
                fixed="",
                default=NO_DEFAULT,
                searchable=False,
                sortable=False,
                read_only=SYNONYM.format(original.label),
            )


def _hybrids(mapper: Mapper[Any]) -> Iterator[Field]:
    for name, hybrid in mapper.all_orm_descriptors.items():
        if isinstance(hybrid, hybrid_property) and not name.startswith("_"):
            field = _of_expression(name, _class_side(mapper, name), HYBRID)
            yield replace(field, help=_first_line(hybrid.fget))


def _proxies(mapper: Mapper[Any]) -> Iterator[Field]:
    for name, proxy in mapper.all_orm_descriptors.items():
        if isinstance(proxy, AssociationProxy) and not name.startswith("_"):
            relation = mapper.relationships.get(proxy.target_collection)
            field = _opaque(name, PROXY.format(in_words(proxy.target_collection).lower()))
            # Reading a proxy loads the whole collection behind it.
            yield replace(field, deferred=relation is not None and bool(relation.uselist))


def _of_expression(name: str, expression: Any, reason: str) -> Field:
    """Return a field of the expression's type; one shown by str() where it has none."""
    try:
        shape = shape_of(expression.type)
        field = replace(field_of(shape, name), nullable=True, read_only=reason)
    except Exception:  # someone else's hybrid may give anything, or nothing, on the class
        return _opaque(name, reason)
    return replace(field, secret=_is_secret(expression), generated=True)


def _class_side(mapper: Mapper[Any], name: str) -> Any:
    """Return the SQL expression of a hybrid; None where its function works on records only."""
    try:
        expression = getattr(mapper.class_, name)
        return expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression
    except Exception:  # someone else's code, which may not be meant to run on the class
        return None


def _opaque(name: str, reason: str) -> Field:
    return Field(name=name, label=in_words(name), kind=Kind.OPAQUE, read_only=reason, generated=True)


def _is_secret(expression: Any) -> bool:
    return isinstance(expression, ClauseElement) and reads_secret(expression)


def _open_or_secret(mapper: Mapper[Any], field: Field) -> Field:
    is_secret = field.secret or tells_secret(mapper, field.name)
    field = replace(field, is_personal=tells_personal(mapper, field.name))
    return replace(field, secret=True, read_only=SECRET) if is_secret else field


def _listed(labels: list[str]) -> str:
    return " and ".join(labels) if len(labels) < 3 else ", ".join(labels[:-1]) + " and " + labels[-1]


def _first_line(function: Any) -> str:
    return (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]
