"""What can be done to records, each action with the words that explain it."""

from enum import StrEnum

WILDCARD = "*"  # in a grant: every model, or every action


class Action(StrEnum):
    LIST = "list"
    DETAILS = "details"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    IMPORT = "import"
    RESET_PASSWORD = "action:reset-password"  # noqa: S105 - the name of an action
    TEMPORARY_PASSWORD = "action:temporary-password"  # noqa: S105 - the name of an action
    UNLOCK = "action:unlock"
    END_SESSIONS = "action:end-sessions"
    REMOVE_SECOND_FACTOR = "action:remove-second-factor"
    ACTIVATE = "action:activate"
    VIEW_AS = "action:view-as"


ACTIONS: dict[Action, str] = {
    Action.LIST: "See the list of records, search it, and choose records of the kind in other forms.",
    Action.DETAILS: "See everything on a record that is not secret.",
    Action.CREATE: "Add records.",
    Action.EDIT: "Change records.",
    Action.DELETE: "Delete records.",
    Action.EXPORT: "Download the list of records as a file, where it may be seen.",
    Action.IMPORT: "Add and change records from a file.",
    Action.RESET_PASSWORD: "Send a person a single-use link to set a new password (for the model `user`).",
    Action.TEMPORARY_PASSWORD: "Give a person a password for one day (for the model `user`).",
    Action.UNLOCK: "Let a person try to sign in again after too many attempts (for the model `user`).",
    Action.END_SESSIONS: "See where a person is signed in, and sign them out (for the model `user`).",
    Action.REMOVE_SECOND_FACTOR: "Take away a person's second factor (for the model `user`).",
    Action.ACTIVATE: "Activate and deactivate people (for the model `user`).",
    Action.VIEW_AS: "See the site as a person does, changing nothing (for the model `user`).",
}

SEEING = (Action.LIST, Action.DETAILS)
BY_FIELD = frozenset([Action.LIST, Action.DETAILS, Action.CREATE, Action.EDIT, Action.EXPORT, Action.IMPORT])
"""What can be granted for some fields alone; everything else is done to whole records."""

# What the site writes itself: the generic pages never do it by hand, not even for a superuser.
_WRITTEN_BY_HAND = (Action.CREATE, Action.EDIT, Action.IMPORT)
_KEPT_BY_THE_SITE = (
    "audit-entry",
    "credential-token",
    "outgoing-mail",
    "recovery-code",
    "second-factor",
    "throttle",
    "viewing",
)
NEVER: frozenset[tuple[str, str]] = frozenset(
    [
        (model, action)
        for model in (*_KEPT_BY_THE_SITE, "list-preference", "saved-view", "user-session")
        for action in _WRITTEN_BY_HAND
    ]
    + [(model, Action.DELETE) for model in _KEPT_BY_THE_SITE]
)


def action_label(action: str) -> str:
    """Return what an action is called by itself."""
    return verb(action).capitalize()


def verb(action: str) -> str:
    """Return an action as it reads within a sentence."""
    return action.removeprefix("action:").replace("-", " ")
