"""The key of a record in a URL."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Join, Select, Table, inspect, select
from sqlalchemy.exc import DataError, DBAPIError, InvalidRequestError, MultipleResultsFound, StatementError
from sqlalchemy.orm import Mapper, Session, lazyload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import ORMOption

from admin_site.descriptions import Description, Field, Kind, Unreadable
from admin_site.errors import Conflict, NotFound
from admin_site.values import from_text, to_text

Scope = Callable[[Select[Any]], Select[Any]]  # leaves of a query the rows that somebody may see

EMPTY = "~"
NULL = "~~"
SEPARATOR = ";"

AMBIGUOUS = "Records of several kinds have this key. Open the one you mean from the list of its kind."

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r"(?:[A-Za-z0-9_-]|~[0-9A-F]{2})+")
_ESCAPE = re.compile(r"~([0-9A-F]{2})")
_LIMITS_OF_64_BITS = {"minimum": -(2**63), "maximum": 2**63 - 1}


def encode_key(description: Description, key: Sequence[Any]) -> str:
    """Return a key as one segment of a path: letters, digits, `_`, `-`, `~` and `;`, and never empty.

    Every other character stands as `~` and two hexadecimal digits for each byte of its UTF-8 form.
    """
    if len(key) == 1 and type(key[0]) is int:  # most keys are that
        return str(key[0])
    parts = zip(description.key, key, strict=True)
    return SEPARATOR.join(_encode(description.field(name), value) for name, value in parts)


def key_text(description: Description, record: object) -> str:
    """Return a record's key as people read and type it, the parts of a composite one beside each other."""
    parts = zip(description.key, description.key_of(record), strict=True)
    return " / ".join("–" if part is None else to_text(description.field(name), part) for name, part in parts)


def decode_key(description: Description, text: str) -> tuple[Any, ...]:
    """Return the key that `encode_key` made `text` of (raises NotFound when it cannot be one)."""
    parts = text.split(SEPARATOR)
    if len(parts) != len(description.key):
        raise _not_found(description)
    try:
        return tuple(
            _decode(_without_limits(description.field(name)), part)
            for name, part in zip(description.key, parts, strict=True)
        )
    except ValueError:
        raise _not_found(description) from None


def find(
    session: Session,
    description: Description,
    key: Sequence[Any],
    options: Sequence[ORMOption] = (),
    scope: Scope | None = None,
    *,
    lock: bool = False,
) -> Any:
    """Return the record with this key, whose relations load when they are asked for, whatever they say.

    With `lock` nobody else changes its row before the transaction ends. Raises NotFound, also for keys that
    the database cannot compare and for records outside `scope`.
    """
    options = (lazyload("*"), *options)
    if all(part is None for part in key):
        raise _not_found(description)
    try:
        record = _get(session, description, key, options, lock)
    except (DataError, OverflowError):
        record = None
    except MultipleResultsFound:
        raise Conflict(AMBIGUOUS) from None
    except (
        LookupError,
        ValueError,
        TypeError,
        AssertionError,  # a kind of record (polymorphic_identity) that no class has
    ) as error:  # what types raise for a value that is none of theirs
        raise Conflict(f"A stored value of this record cannot be read: {error}") from error
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise
        record = None  # a value that the column's type could not turn into a parameter
    if record is None or (scope is not None and not _is_within(session, description, key, scope)):
        raise _not_found(description)
    _empty_broken(description, record)
    return record


def lock_among(
    session: Session, description: Description, statement: Select[Any], key: Callable[[Any], Any]
) -> dict[Any, Any]:
    """Return the records of a SELECT by what `key` makes of them, locked as `find` locks one.

    Whoever locks several does so in the order of their keys, so that nobody waits for each other.
    """
    mapper = description.mapper
    in_order = statement.order_by(None).order_by(
        *(getattr(description.model, name) for name in description.key)
    )
    if not _is_union(mapper):
        in_order = in_order.with_for_update(**_locked(mapper))
    found = {key(record): record for record in session.scalars(in_order).unique()}
    for record in found.values() if _is_union(mapper) else ():
        _lock(session, record)
    return found


def _get(
    session: Session,
    description: Description,
    key: Sequence[Any],
    options: Sequence[ORMOption],
    lock: bool,
) -> Any:
    mapper = description.mapper
    locked = _locked(mapper) if lock and not _is_union(mapper) else None
    record = session.get(description.model, tuple(key), options=options, with_for_update=locked)
    if lock and _is_union(mapper) and record is not None:
        _lock(session, record)
    return record


def _is_union(mapper: Mapper[Any]) -> bool:
    """Return whether records are read from a UNION, of which PostgreSQL locks no row."""
    return mapper.with_polymorphic is not None and mapper.with_polymorphic[1] is not None


def _lock(session: Session, record: Any) -> None:
    """Lock a record that is loaded already, and load what it holds by now."""
    mapper = inspect(record).mapper
    with suppress(InvalidRequestError):  # it is gone, which whoever changes it will be told
        session.refresh(record, mapper.column_attrs.keys(), with_for_update=_locked(mapper))


def _locked(mapper: Mapper[Any]) -> dict[str, Any]:
    """Return what SELECT ... FOR UPDATE locks of a record: its rows in the tables from its first class on.

    Whoever locks a record locks the row in the table of its first class. Others may still refer to it. Of
    an outer join, such as that with the tables of subclasses, PostgreSQL locks no further rows.
    """
    tables = list(_inner_tables(mapper.local_table))
    while mapper.inherits is not None and not mapper.concrete:
        mapper = mapper.inherits
        tables += _inner_tables(mapper.local_table)
    return {"of": list(dict.fromkeys(tables)), "key_share": True}


def _inner_tables(selectable: Any) -> Iterator[Table]:
    if isinstance(selectable, Table):
        yield selectable
    elif isinstance(selectable, Join):
        yield from _inner_tables(selectable.left)
        yield from () if selectable.isouter or selectable.full else _inner_tables(selectable.right)


def _empty_broken(description: Description, record: Any) -> None:
    """Let relations be empty whose foreign keys cannot be read: nothing could be asked of the database."""
    for relation in description.relations:
        if any(isinstance(vars(record).get(name), Unreadable) for name in relation.columns):
            set_committed_value(record, relation.name, None)


def _is_within(session: Session, description: Description, key: Sequence[Any], scope: Scope) -> bool:
    columns = [getattr(description.model, name) for name in description.key]
    is_record = [column == part for column, part in zip(columns, key, strict=True)]
    return session.execute(scope(select(*columns).where(*is_record))).first() is not None


def _not_found(description: Description) -> NotFound:
    name = description.name
    return NotFound(f"There is no such {name[0].lower()}{name[1:]}.")


def _encode(field: Field, value: Any) -> str:
    if value is None:
        return NULL
    text = to_text(field, value)
    return text if _PLAIN.fullmatch(text) else "".join(map(_escaped, text)) or EMPTY


def _escaped(character: str) -> str:
    if _PLAIN.fullmatch(character):
        return character
    return "".join(f"~{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _decode(field: Field, part: str) -> Any:
    if part == NULL:
        return None
    if part == EMPTY:
        return from_text(field, "")
    if not _PART.fullmatch(part):
        raise ValueError("not a key")
    encoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), part)
    return from_text(field, encoded.encode("latin-1").decode("utf-8"))


def _without_limits(field: Field) -> Field:
    """Return the field as it reads whatever may be stored: a SQLite column keeps what exceeds its type."""
    limits = _LIMITS_OF_64_BITS if field.kind == Kind.INTEGER else {"minimum": None, "maximum": None}
    return replace(field, length=None, precision=None, scale=None, **limits)
