"""What roles may be granted on a site: models, actions, fields and rows, each with its words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from admin_site.permissions.actions import ACTIONS, BY_FIELD, NEVER, WILDCARD, verb
from admin_site.permissions.identities import Identity
from admin_site.permissions.questions import covers
from admin_site.permissions.rights import LimitedGrant
from admin_site.permissions.scopes import RowRules


@dataclass(frozen=True)
class GrantableModel:
    """What can be granted on one model.

    `actions` are those that make sense there, `fields` what a grant may be limited to of its records, and
    `scopes` the rows it may be limited to: each by its name, with the words for it.
    """

    identity: str
    name: str
    actions: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    rows: RowRules | None = field(default=None, compare=False, repr=False)

    def can_be_by_field(self, action: str) -> bool:
        """Return whether a grant of `action` may be limited to some fields."""
        return bool(self.fields) and (action in BY_FIELD or action == WILDCARD)


@dataclass(frozen=True)
class Grantable:
    """What roles may be granted on a site, each with its words; `kinds` are its models, by identity."""

    models: Mapping[str, str]
    actions: Mapping[str, str]
    kinds: Mapping[str, GrantableModel] = field(default_factory=dict)


def grantable(
    models: Mapping[str, str], actions: Mapping[str, str], kinds: Iterable[GrantableModel] = ()
) -> Grantable:
    """Return what can be granted where these models, by identity, have `actions` beside those of the table.

    `models` are called by their names in the plural, `actions` by their labels.
    """
    generic = {str(action): f"{verb(action).capitalize()}: {words}" for action, words in ACTIONS.items()}
    named = {identity: f"{name} ({identity})" for identity, name in sorted(models.items(), key=_by_name)}
    sorted_kinds = sorted(kinds, key=lambda kind: kind.name.casefold())
    return Grantable(
        {WILDCARD: "All models", **named},
        {WILDCARD: "All actions", **actions, **generic},
        {kind.identity: kind for kind in sorted_kinds},
    )


def may_grant(
    identity: Identity, model: str, action: str, fields: Iterable[str] = (), scope: str = ""
) -> bool:
    """Return whether somebody holds a right themselves, so that they may grant it.

    Nobody may grant what the site does itself.
    """
    if (model, action) in NEVER:
        return False
    names = frozenset(fields)
    return covers(identity, LimitedGrant(model, action, names, scope) if names or scope else (model, action))


def _by_name(item: tuple[str, str]) -> str:
    return item[1].casefold()
