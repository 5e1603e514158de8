"""Whether an attribute tells what a column marked as secret holds."""

import inspect
from collections.abc import Iterator
from types import CodeType
from typing import Any

from sqlalchemy import Column
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.orm import CompositeProperty, Mapper, SynonymProperty
from sqlalchemy.sql import visitors

_Seen = set[tuple[type, str]]


def tells_secret(mapper: Mapper[Any], name: str, seen: _Seen | None = None) -> bool:
    """Whether the attribute shows a secret of its class or of a related one, however many steps away.

    The code of hybrids, properties and methods is searched for the names it reads, not run.
    """
    seen = set() if seen is None else seen
    if (mapper.class_, name) in seen:
        return False
    seen.add((mapper.class_, name))
    prop = mapper.attrs.get(name)
    if isinstance(prop, SynonymProperty):
        return tells_secret(mapper, prop.name, seen)
    if isinstance(prop, CompositeProperty):
        return any(tells_secret(mapper, part.key, seen) for part in prop.props)
    if prop is not None:
        is_marked = bool(prop.info.get("secret"))
        return is_marked or any(reads_secret(column) for column in getattr(prop, "columns", ()))
    attribute = inspect.getattr_static(mapper.class_, name, None)
    if isinstance(attribute, AssociationProxy):
        return _proxy_tells_secret(mapper, attribute, seen)
    return _code_tells_secret(mapper, attribute, seen)


def reads_secret(expression: Any) -> bool:
    """Whether a column marked as secret stands anywhere in a SQL expression."""
    columns = (element for element in visitors.iterate(expression) if isinstance(element, Column))
    return any(bool(column.info.get("secret")) for column in columns)


def _proxy_tells_secret(mapper: Mapper[Any], proxy: AssociationProxy[Any], seen: _Seen) -> bool:
    relation = mapper.relationships.get(proxy.target_collection)
    return relation is not None and tells_secret(relation.mapper, proxy.value_attr or "", seen)


def _code_tells_secret(mapper: Mapper[Any], attribute: Any, seen: _Seen) -> bool:
    function = getattr(attribute, "fget", attribute)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    names = set(_names_in(code))
    related = [mapper.relationships[name].mapper for name in names & set(mapper.relationships.keys())]
    return any(tells_secret(owner, name, seen) for owner in (mapper, *related) for name in names)


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the attributes and globals that code reads, those of its comprehensions and lambdas too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
