"""Which columns are secret or personal, and whether an attribute tells what they hold.

A column is secret when its info says so, or when its name does and its info says nothing; personal when its
info says so.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from sqlalchemy import Column, TypeDecorator, types
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.orm import CompositeProperty, Mapper, SynonymProperty
from sqlalchemy.sql import visitors

from admin_site.descriptions.names import in_snake_case

_Seen = set[tuple[type, str]]
_Mark = Callable[[Column[Any], dict[Any, Any], str], bool]

_DIGEST = "(hash(ed)?|digest|salt|crypt(ed)?|encrypted|cipher(text)?)"
_SECRET = re.compile(
    r"(\w+_)?(user|hashed|encrypted)?"
    r"(pass(word|wd|phrase|code)|pwd|secret|token|otp_seed|salt|(recovery|backup)_?code"
    r"|(api|secret|private|access|auth|encryption|signing|session)_?(key|token))s?"
    rf"(_?{_DIGEST}|_?key|_value|_text|_plain)?"
)
_OF_DIGESTS = re.compile(rf"(\w+_)?(hashed|encrypted)_?\w+|\w*?_?{_DIGEST}")
_TEXTS = (types.String, types.LargeBinary, types.BINARY, types.VARBINARY, types.NullType)


def is_secret(column: Column[Any], info: dict[Any, Any], name: str) -> bool:
    """Whether what a column of an attribute `name` holds is never shown; `info` is that of both."""
    mark = info.get("secret")
    return _sounds_secret(column, name) if mark is None else bool(mark)


def is_digest(name: str) -> bool:
    """Whether the name is that of something made from a secret, which nobody types."""
    return _OF_DIGESTS.fullmatch(in_snake_case(name)) is not None


def _sounds_secret(column: Column[Any], name: str) -> bool:
    """Keys stand in addresses anyway, and a foreign key tells no more than which record it refers to."""
    if column.primary_key or column.foreign_keys or not _holds_text(column.type):
        return False
    return any(_SECRET.fullmatch(in_snake_case(each)) for each in (name, column.name))


def _holds_text(type_: Any) -> bool:
    if isinstance(type_, types.ARRAY):
        return _holds_text(type_.item_type)
    plain = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    return isinstance(plain, _TEXTS) and not isinstance(plain, types.Enum)


def is_personal(_: Column[Any], info: dict[Any, Any], __: str) -> bool:
    """Whether what a column holds is marked as personal: a file of it takes the password once more."""
    return bool(info.get("personal"))


def tells_secret(mapper: Mapper[Any], name: str) -> bool:
    """Whether the attribute shows a secret of its class or of a related one, however many steps away.

    The code of hybrids, properties and methods is searched for the names it reads, not run.
    """
    return _tells(mapper, name, is_secret, set())


def tells_personal(mapper: Mapper[Any], name: str) -> bool:
    """Whether the attribute shows what is marked as personal, found out as secrets are."""
    return _tells(mapper, name, is_personal, set())


def reads_secret(expression: Any) -> bool:
    """Whether a secret column stands anywhere in a SQL expression."""
    return _reads(expression, is_secret)


def _tells(mapper: Mapper[Any], name: str, mark: _Mark, seen: _Seen) -> bool:
    if (mapper.class_, name) in seen:
        return False
    seen.add((mapper.class_, name))
    prop = mapper.attrs.get(name)
    if isinstance(prop, SynonymProperty):
        return _tells(mapper, prop.name, mark, seen)
    if isinstance(prop, CompositeProperty):
        return any(_tells(mapper, part.key, mark, seen) for part in prop.props)
    if prop is not None:
        return any(_is_marked(column, prop.info, name, mark) for column in getattr(prop, "columns", ()))
    attribute = inspect.getattr_static(mapper.class_, name, None)
    if isinstance(attribute, AssociationProxy):
        return _proxy_tells(mapper, attribute, mark, seen)
    return _code_tells(mapper, attribute, mark, seen)


def _reads(expression: Any, mark: _Mark) -> bool:
    columns = (element for element in visitors.iterate(expression) if isinstance(element, Column))
    return any(mark(column, dict(column.info), column.name) for column in columns)


def _is_marked(expression: Any, info: Any, name: str, mark: _Mark) -> bool:
    if isinstance(expression, Column):
        return mark(expression, {**expression.info, **info}, name)
    return bool(info.get(_MARKS[mark])) or _reads(expression, mark)


_MARKS: dict[_Mark, str] = {is_secret: "secret", is_personal: "personal"}


def _proxy_tells(mapper: Mapper[Any], proxy: AssociationProxy[Any], mark: _Mark, seen: _Seen) -> bool:
    relation = mapper.relationships.get(proxy.target_collection)
    return relation is not None and _tells(relation.mapper, proxy.value_attr or "", mark, seen)


def _code_tells(mapper: Mapper[Any], attribute: Any, mark: _Mark, seen: _Seen) -> bool:
    function = getattr(attribute, "fget", attribute)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    names = set(_names_in(code))
    related = [mapper.relationships[name].mapper for name in names & set(mapper.relationships.keys())]
    return any(_tells(owner, name, mark, seen) for owner in (mapper, *related) for name in names)


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the attributes and globals that code reads, those of its comprehensions and lambdas too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
