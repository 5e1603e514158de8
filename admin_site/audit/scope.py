"""What leaves a record: which models, and which of their fields."""

from functools import cache

from admin_site.descriptions import Description, Field
from admin_site.models import (
    AuditEntry,
    CredentialToken,
    Draft,
    ListPreference,
    OutgoingMail,
    RecoveryCode,
    SavedView,
    SecondFactor,
    Submission,
    Throttle,
    UserSession,
    Viewing,
)

# Sessions, links and mail are recorded as the events they are (sign-in, reset), the audit trail and how
# people like their lists, or typed and saved in forms, not at all: what is saved has entries of its own.
_SILENT = (
    AuditEntry,
    CredentialToken,
    Draft,
    ListPreference,
    OutgoingMail,
    RecoveryCode,
    SavedView,
    SecondFactor,
    Submission,
    Throttle,
    UserSession,
    Viewing,
)


def is_recorded(model: type) -> bool:
    """Return whether changes of such records are recorded at all."""
    return not issubclass(model, _SILENT)


@cache
def audited_fields(description: Description) -> tuple[Field, ...]:
    """Return the fields whose changes leave a record: all columns but those marked `audited=False`."""
    attributes = description.mapper.attrs
    return tuple(
        item
        for item in description.fields
        if item.column is not None and {**item.column.info, **attributes[item.name].info}.get("audited", True)
    )


@cache
def audited_names(description: Description) -> frozenset[str]:
    return frozenset(item.name for item in audited_fields(description))


@cache
def audited_relations(description: Description) -> tuple[str, ...]:
    """Return the relations whose changes stand in no column of the record or its members."""
    relations = description.mapper.relationships
    return tuple(
        relation.name
        for relation in description.relations
        if relation.direction == "many_to_many" and not relations[relation.name].viewonly
    )
