"""What is loaded with the rows of a page: all that is shown of them, and nothing row by row.

Labels and plain properties may read what nobody can foresee: `__str__` is anyone's code. They are read while
the session is watched. The first record that loads something for itself shows what is needed; it is then
loaded for all the others at once, and from the next page on together with the rows.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session, joinedload, lazyload, load_only, selectinload
from sqlalchemy.sql.base import ExecutableOption

from admin_site.descriptions import Description, Kind, describe
from admin_site.listing.defaults import LABEL
from admin_site.listing.listings import Listing, Tree
from admin_site.listing.orders import naming_field
from admin_site.listing.paths import Path, foreign_key, key_among, resolve
from admin_site.listing.statements import run

_HEAVY = (Kind.LONG_TEXT, Kind.JSON, Kind.BINARY, Kind.ARRAY, Kind.MAPPING, Kind.OPAQUE)
_MAX_DEPTH = 3  # relations that a label is followed over
_MAX_SAMPLED = 10  # members of a collection that a label reads


def options_for(listing: Listing, columns: Sequence[str]) -> tuple[ExecutableOption, ...]:
    """Return the loader options for rows of which `columns` are shown."""
    description = listing.description
    tree = _label_tree(listing, description, is_row=True)
    for path in _paths(description, columns):
        node = tree
        for relation in path.relations:
            node = node.setdefault(relation.name, {})
        _merge(node, {path.field.name: {}} if path.field else _label_tree(listing, path.end))
    return (*_options(description, tree), *listing.options)


def settle(
    session: Session,
    listing: Listing,
    records: Sequence[Any],
    columns: Sequence[str],
    *,
    label_records: bool = True,
) -> dict[int, str]:
    """Return the labels of the records and of the related ones shown, by id().

    What labels and properties read is loaded by a number of queries that does not depend on how many there
    are. Without `label_records` only the related ones are given labels.
    """
    paths = [path for path in _paths(listing.description, columns) if path.field is None]
    computed = _computed(listing.description, columns)
    labelled = records if label_records or computed else ()
    subjects = {id(record): record for record in (*labelled, *_related(records, paths))}
    label_of = {model: describe(model).label_of for model in {type(record) for record in subjects.values()}}
    labels: dict[int, str] = {}
    done: dict[type, Tree] = {}
    with _watched(session, listing) as watch:
        for place, (identity, record) in enumerate(subjects.items()):
            watch.record = record
            labels[identity] = label_of[type(record)](record)
            if computed and place < len(labelled):
                _touch(record, computed)
            if watch.before is not None:
                _load_alike(session, listing, watch, list(subjects.values())[place + 1 :], done)
                watch.before = None
    return labels


def _paths(description: Description, columns: Iterable[str]) -> Iterator[Path]:
    """Yield the columns that are fields or single related records."""
    for name in columns:
        with suppress(KeyError):
            path = resolve(description, name)
            if not path.is_many:
                yield path


def _label_tree(listing: Listing, description: Description, *, is_row: bool = False) -> Tree:
    """Return what the label of a record reads: all that is light, of a related one whose label is unknown."""
    names = [*description.key, *description.label_fields]
    if naming := naming_field(description):
        names.append(naming)
    elif not description.label_fields and not is_row:
        names += [
            field.name
            for field in description.fields
            if field.column is not None
            and field.kind not in _HEAVY
            and not field.deferred
            and not field.secret
        ]
    tree: Tree = {name: {} for name in names}
    _merge(tree, listing.learned.get(description.model, {}))
    return tree


def _merge(tree: Tree, other: Tree) -> None:
    for name, below in other.items():
        _merge(tree.setdefault(name, {}), below)


def _options(description: Description, tree: Tree) -> Iterator[Any]:
    """Yield the loader options for a tree; whatever it does not name stays unloaded."""
    model, mapper = description.model, description.mapper
    names = dict.fromkeys([*description.key, *tree])
    yield load_only(*(getattr(model, name) for name in names if name in mapper.column_attrs))
    yield lazyload("*")
    for relation in description.relations:
        if relation.name in tree:
            load = joinedload if foreign_key(description, relation) else selectinload
            below = _options(describe(relation.target), tree[relation.name])
            yield load(getattr(model, relation.name)).options(*below)


def _related(records: Iterable[Any], paths: Sequence[Path]) -> Iterator[Any]:
    for record in records:
        for path in paths:
            related = record
            for relation in path.relations:
                related = getattr(related, relation.name, None)
            if related is not None:
                yield related


def _computed(description: Description, columns: Iterable[str]) -> list[str]:
    """Return the columns that are neither loaded nor related: hybrids, proxies, properties."""
    mapper = description.mapper
    return [
        name
        for name in columns
        if name != LABEL
        and name.partition(".")[0] not in mapper.relationships
        and name not in mapper.column_attrs
    ]


def _touch(record: Any, names: Iterable[str]) -> None:
    for name in names:
        # A property of someone else's may raise anything; whoever shows it deals with that.
        with suppress(Exception):
            getattr(record, name)


@dataclass
class _Watch:
    """The record that is read, and what was loaded of it before it loaded something for itself, if it did."""

    record: Any = None
    before: Tree | None = None


@contextmanager
def _watched(session: Session, listing: Listing) -> Iterator[_Watch]:
    """Notice when the session loads something by itself for an attribute that is read."""
    watch = _Watch()

    def note(state: ORMExecuteState) -> None:
        if watch.before is None and (state.is_relationship_load or state.is_column_load):
            watch.before = _loaded(listing, watch.record, _MAX_DEPTH)

    event.listen(session, "do_orm_execute", note)
    try:
        yield watch
    finally:
        event.remove(session, "do_orm_execute", note)


def _load_alike(
    session: Session, listing: Listing, watch: _Watch, others: Iterable[Any], done: dict[type, Tree]
) -> None:
    """Load for the other records of its class what a record has loaded for itself, unless that is `done`."""
    model = type(watch.record)
    tree = _pruned(listing.learned.get(model, {}), _MAX_DEPTH)
    after = _loaded(listing, watch.record, _MAX_DEPTH)
    _merge(tree, _pruned(_added(after, watch.before or {}), _MAX_DEPTH))
    if done.get(model) == tree:
        return  # it is nothing that loader options could do, such as a query of its own
    done[model] = tree
    if tree != listing.learned.get(model):
        listing.learn(model, tree)
    alike = [other for other in others if type(other) is model]
    if alike:
        description = describe(model)
        statement = select(model).where(key_among(description, model, map(description.key_of, alike)))
        run(session, statement.options(*_options(description, tree))).unique().all()


def _added(after: Tree, before: Tree) -> Tree:
    """Return what is in a tree and was not in an earlier one."""
    added = {name: _added(below, before[name]) for name, below in after.items() if name in before}
    new = {name: below for name, below in after.items() if name not in before}
    return {name: below for name, below in added.items() if below} | new


def _pruned(tree: Tree, depth: int) -> Tree:
    """Return a copy of a tree that goes over at most `depth` relations."""
    return {name: _pruned(below, depth - 1) if depth else {} for name, below in tree.items()}


def _loaded(listing: Listing, record: Any, depth: int) -> Tree:
    """Return what is loaded of a record and of those it has loaded."""
    state = inspect(record)
    columns = [name for name in _names(state.mapper.column_attrs) if name in state.dict]
    tree: Tree = {name: {} for name in columns}
    for name in _names(state.mapper.relationships):
        if depth and name in state.dict:
            tree[name] = _loaded_of_related(listing, state.dict[name], depth - 1)
    return tree


def _loaded_of_related(listing: Listing, value: Any, depth: int) -> Tree:
    """Return what is loaded of related records; of one that was loaded whole, what its label may need."""
    members = (
        value.values() if isinstance(value, dict) else value if isinstance(value, Collection) else [value]
    )
    tree: Tree = {}
    for member in islice((member for member in members if member is not None), _MAX_SAMPLED):
        description = describe(type(member))
        loaded = _loaded(listing, member, depth)
        plain = {
            field.name for field in description.fields if field.column is not None and not field.deferred
        }
        if plain <= set(loaded):
            loaded = {name: below for name, below in loaded.items() if name not in plain}
            _merge(loaded, _label_tree(listing, description))
        _merge(tree, loaded)
    return tree


def _names(attributes: Iterable[Any]) -> list[str]:
    return [attribute.key for attribute in attributes]
