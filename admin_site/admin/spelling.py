"""The names that a view's attributes stand for, in the ways SQLAdmin lets people write them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starlette.requests import Request

from admin_site.descriptions import Description, Relation


def name_of(item: Any) -> str:
    """Return the name of an attribute, which may be written as `Model.attribute`."""
    return item if isinstance(item, str) else str(item.key)


def names_of(description: Description, *, write_only: bool = False) -> tuple[str, ...]:
    """Return all fields and relations but secrets; with those that may be typed if `write_only`."""
    covered = {column for relation in description.relations for column in relation.columns}
    fields = [
        field.name
        for field in description.fields
        if field.name not in covered and (not field.secret or (write_only and not field.read_only))
    ]
    to_one = [relation.name for relation in description.relations if not relation.many]
    to_many = [relation.name for relation in description.relations if relation.many]
    return tuple(_by_declaration(description, fields, to_one) + to_many)


def without_children(description: Description, names: Iterable[str]) -> tuple[str, ...]:
    """Return what a form offers: all but the children, which have forms of their own."""
    children = {
        relation.name
        for relation in description.relations
        if relation.many and relation.direction != "many_to_many"
    }
    return tuple(name for name in names if name not in children)


def chosen_names(
    chosen: str | Sequence[Any], excluded: Sequence[Any], default: Iterable[str], every: Sequence[str]
) -> tuple[str, ...]:
    """Return what a pair such as `column_list` and `column_exclude_list` leaves of every name."""
    if chosen == "__all__":
        return tuple(every)
    if chosen:
        return tuple(name_of(item) for item in chosen)
    if excluded:
        without = {name_of(item) for item in excluded}
        return tuple(name for name in every if name not in without)
    return tuple(default)


def sorts_of(default: Any) -> Iterable[tuple[str, bool]]:
    """Yield (name, descending) from the ways of writing a default sort."""
    for item in default if isinstance(default, list) else [default]:
        name, descending = item if isinstance(item, tuple) else (item, False)
        yield name_of(name), descending


def formatted(formatter: Callable[..., Any], record: Any, name: str, request: Request) -> Any:
    """Call a formatter, which may or may not ask for the request."""
    code = getattr(formatter, "__code__", None)
    wants_request = code is not None and code.co_argcount >= 3
    return formatter(record, name, request) if wants_request else formatter(record, name)


def _by_declaration(description: Description, fields: list[str], to_one: list[str]) -> list[str]:
    """Return fields with each to-one relation in the place of its first column."""
    names = [field.name for field in description.fields]
    relations: dict[str, Relation] = {relation.name: relation for relation in description.relations}

    def place(name: str) -> int:
        if name in relations and relations[name].columns:
            return names.index(relations[name].columns[0])
        return names.index(name) if name in names else len(names)

    return sorted(fields + to_one, key=place)
