"""The views of what a sign-in rests on: sessions, links, second factors."""

from admin_site.admin.own_views.limited import Hidden, WithinReach
from admin_site.admin.views import AdminView
from admin_site.models import (
    CredentialToken,
    OutgoingMail,
    RecoveryCode,
    SecondFactor,
    Throttle,
    UserSession,
    Viewing,
)


class UserSessionView(WithinReach, AdminView, model=UserSession):
    """From where people are signed in."""

    icon = "device-desktop"
    column_list = [
        "__str__",
        "user",
        "start_time",
        "last_seen_at",
        "expiration_time",
        "ip_address",
        "user_agent",
    ]
    column_default_sort = ("start_time", True)


class CredentialTokenView(WithinReach, AdminView, model=CredentialToken):
    icon = "key"
    name = "Password link"
    name_plural = "Password links"


class SecondFactorView(Hidden, WithinReach, AdminView, model=SecondFactor):
    icon = "key"


class RecoveryCodeView(Hidden, WithinReach, AdminView, model=RecoveryCode):
    icon = "key"


class ViewingView(Hidden, WithinReach, AdminView, model=Viewing):
    icon = "eye"


class ThrottleView(Hidden, AdminView, model=Throttle):
    icon = "lock"


class OutgoingMailView(Hidden, WithinReach, AdminView, model=OutgoingMail):
    icon = "mail"
    column_list = ["kind", "user", "created_at", "sent_at", "due_at", "attempts", "error"]
