"""The tables of the site, one module per subject."""

from admin_site.models.accounts import (
    CredentialToken,
    LinkPurpose,
    Role,
    RoleGrant,
    User,
    UserSession,
    user_roles,
)
from admin_site.models.audit import AuditEntry
from admin_site.models.base import Base, Instant, Timestamped, utc_now
from admin_site.models.flows import Flow, user_flows
from admin_site.models.forms import Draft, Submission
from admin_site.models.items import Item
from admin_site.models.lists import ListPreference, SavedView
from admin_site.models.mail import OutgoingMail
from admin_site.models.school import Course, Enrollment, UserType
from admin_site.models.sign_in import RecoveryCode, SecondFactor, Throttle, Viewing

__all__ = [
    "AuditEntry",
    "Base",
    "Course",
    "CredentialToken",
    "Draft",
    "Enrollment",
    "Flow",
    "Instant",
    "Item",
    "LinkPurpose",
    "ListPreference",
    "OutgoingMail",
    "RecoveryCode",
    "Role",
    "RoleGrant",
    "SavedView",
    "SecondFactor",
    "Submission",
    "Throttle",
    "Timestamped",
    "User",
    "UserSession",
    "UserType",
    "Viewing",
    "user_flows",
    "user_roles",
    "utc_now",
]
