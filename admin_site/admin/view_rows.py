"""Which rows and which fields of a view's records somebody may see or change."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

from sqladmin import ModelView
from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy import tuple_ as row
from sqlalchemy.orm import object_session
from starlette.requests import Request

from admin_site.descriptions import Description
from admin_site.keys import Scope
from admin_site.listing.paths import key_among
from admin_site.permissions import (
    SEEING,
    Action,
    Identity,
    RowRules,
    RowScope,
    fields_of_every_row,
    fields_of_row,
    limits,
    scopes_of,
)

Names = frozenset[str]


class RowRights:
    """The part of a view that says which of its rows and fields are whose."""

    description: ClassVar[Description]
    identity: Any
    model: Any
    list_query: Any

    row_scopes: ClassVar[Mapping[str, RowScope]] = MappingProxyType({})
    """The rows that a grant may be limited to, by the name that the grant holds."""

    def scope(self, statement: Select[Any], identity: Identity) -> Select[Any]:
        """Return a query of the model without the rows that this person may neither see nor write.

        It holds wherever records of the model are read, counted, chosen or saved. Return `statement` itself
        for those who may see all rows: it then costs nothing.
        """
        return statement

    @cached_property
    def row_rules(self) -> RowRules:
        own = self.scope if self._overrides_scope else None
        return RowRules(self.description, own, self.row_scopes)

    def granted_rows(self, request: Request, *actions: str) -> Scope | None:
        """Return what leaves of a query the rows to which the person behind `request` may do `actions`.

        By itself that is to list them. None leaves all of them.
        """
        identity: Identity = request.state.identity
        if not identity.limited:
            return self._where(request, ())
        actions = actions or (Action.LIST,)
        groups = [scopes_of(identity, self.identity, action) for action in actions]
        if not set(actions) <= set(SEEING):
            groups.append(self._seen_scopes(identity))
        return self._where(request, groups)

    def seen_rows(self, request: Request) -> Scope | None:
        """Return what leaves of a query the rows that the person behind `request` may see in any way."""
        identity: Identity = request.state.identity
        return self._where(request, [self._seen_scopes(identity)] if identity.limited else ())

    def has_all_rows(self, identity: Identity) -> bool:
        """Return whether nothing hides a row of the view from somebody who may see its records."""
        if self._overrides_list_query or self._seen_scopes(identity) is not None:
            return False
        return self.row_rules.own_condition(identity) is None

    def is_granted(self, request: Request, action: str, record: Any) -> bool:
        """Return whether a grant lets the person behind `request` do `action` to this record.

        For limited grants the database is asked, once for each record of a request.
        """
        identity: Identity = request.state.identity
        names = scopes_of(identity, self.identity, action) if identity.limited else None
        return names is None or any(self._is_in(request, name, record) for name in sorted(names))

    def varies_by_row(self, request: Request, action: str) -> bool:
        """Return whether the person may do `action` to some rows of a list and not to others."""
        identity: Identity = request.state.identity
        if not identity.limited:
            return False
        names, listed = (scopes_of(identity, self.identity, each) for each in (action, Action.LIST))
        return names is not None and (listed is None or not listed <= names)

    def learn_rows(self, request: Request, records: Iterable[Any], *actions: str) -> None:
        """Find out at once in which scopes these records are, as far as the actions depend on it."""
        records = list(records)
        identity: Identity = request.state.identity
        asked = (scopes_of(identity, self.identity, action) for action in actions if identity.limited)
        for name in sorted(frozenset().union(*(names for names in asked if names is not None))):
            self._learn(request, name, records)

    def withheld(self, request: Request, action: str, record: Any = None) -> Names:
        """Return the fields and relations to which grants do not let this person do `action`.

        Without a record they are those that some row withholds. Its key is seen by whoever sees a record.
        """
        identity: Identity = request.state.identity
        if not identity.limited:
            return frozenset()
        if record is None:
            granted = fields_of_every_row(identity, action, self.identity)
        else:
            is_in = lambda name: self._is_in(request, name, record)  # noqa: E731
            granted = fields_of_row(identity, action, self.identity, is_in)
        if granted is None:
            return frozenset()
        key = frozenset() if action in (Action.CREATE, Action.EDIT) else frozenset(self.description.key)
        return self._every_name - granted - self._covered_by(granted) - key

    def fields_vary(self, request: Request, *actions: str) -> bool:
        """Return whether grants give this person other fields of one row than of another, for `actions`."""
        identity: Identity = request.state.identity
        held = (limits(identity, action, self.identity) or () for action in actions if identity.limited)
        return any(len({grant.fields for grant in grants}) > 1 for grants in held)

    def withheld_from(self, request: Request, action: str, record: Any = None) -> Names:
        """Return what is withheld from this person by grants, and what the view hides from them anyway."""
        return self.withheld(request, action, record).union(self.hidden_for(request.state.identity))

    def hidden_for(self, identity: Identity) -> Collection[str]:
        """Return the fields that this person may neither see nor change, anywhere."""
        return ()

    @cached_property
    def _every_name(self) -> Names:
        fields = frozenset(field.name for field in self.description.fields)
        return fields.union(relation.name for relation in self.description.relations)

    def _covered_by(self, names: Names) -> Names:
        """Return the foreign keys of these relations: who may do with one may do with the other."""
        relations = [item for item in self.description.relations if item.name in names]
        return frozenset(column for item in relations for column in item.columns)

    def _seen_scopes(self, identity: Identity) -> Names | None:
        """Return the scopes of what somebody may list or open; None where nothing is hidden by grants.

        Who may do neither sees what the page of another deed shows.
        """
        return scopes_of(identity, self.identity, *SEEING) or None

    def _where(self, request: Request, groups: Iterable[Names | None]) -> Scope | None:
        """Return what leaves the rows in one scope of each group, and of those the view's own."""
        known: dict[Any, Scope | None] = _noted(request, "row_conditions")
        key = self.identity, frozenset(groups)
        if key not in known:
            known[key] = self._leaving(request, key[1])
        return known[key]

    def _leaving(self, request: Request, groups: Iterable[Names | None]) -> Scope | None:
        identity: Identity = request.state.identity
        found = [self._own_query(request), self.row_rules.own_condition(identity)]
        found += [self.row_rules.condition(identity, names) for names in groups if names is not None]
        conditions = [condition for condition in found if condition is not None]
        if not conditions:
            return None
        return lambda statement: statement.where(and_(*conditions))

    def _own_query(self, request: Request) -> ColumnElement[bool] | None:
        """Return the condition of what the view's `list_query`, SQLAdmin's hook, leaves."""
        if not self._overrides_list_query:
            return None
        columns = [getattr(self.model, name) for name in self.description.key]
        visible = self.list_query(request).with_only_columns(*columns).order_by(None).correlate(None)
        key = row(*columns) if len(columns) > 1 else columns[0]
        condition: ColumnElement[bool] = key.in_(visible)
        return condition

    def _is_in(self, request: Request, name: str, record: Any) -> bool:
        known = self._known(request, name)
        key = self.description.key_of(record)
        if key not in known:
            self._learn(request, name, [record])
        return known[key]

    def _learn(self, request: Request, name: str, records: Iterable[Any]) -> None:
        """Note which of these records are in the scope with that name, with one query."""
        known = self._known(request, name)
        new = {self.description.key_of(record): record for record in records}
        new = {key: record for key, record in new.items() if key not in known}
        session = object_session(next(iter(new.values()))) if new else None
        condition = self.row_rules.condition(request.state.identity, [name])
        if condition is None or session is None:
            known.update(dict.fromkeys(new, condition is None))
            return
        columns = [getattr(self.model, part) for part in self.description.key]
        statement = select(*columns).where(key_among(self.description, self.model, new), condition)
        with session.no_autoflush:
            inside = {tuple(found) for found in session.execute(statement)}
        known.update((key, key in inside) for key in new)

    def _known(self, request: Request, name: str) -> dict[tuple[Any, ...], bool]:
        """Return by key what this request knows already of rows in a scope."""
        known: dict[tuple[Any, ...], bool] = _noted(request, "known_rows").setdefault(
            (self.identity, name), {}
        )
        return known

    @cached_property
    def _overrides_scope(self) -> bool:
        return type(self).scope is not RowRights.scope

    @cached_property
    def _overrides_list_query(self) -> bool:
        return type(self).list_query is not ModelView.list_query


def _noted(request: Request, name: str) -> dict[Any, Any]:
    """Return what was found out in a request before, under this name."""
    if not hasattr(request.state, name):
        setattr(request.state, name, {})
    found: dict[Any, Any] = getattr(request.state, name)
    return found
