"""The views of our own models that say more than is generated."""

from starlette.responses import Response

from admin_site.admin.actions import record_action
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.models import AuditEntry, CredentialToken, User, UserSession
from admin_site.services import support


class UserView(AdminView, model=User):
    icon = "user"
    column_list = [
        "__str__",
        "user_name",
        "email_address",
        "user_type",
        "is_active",
        "last_login",
        "created_at",
    ]
    column_searchable_list = ["user_name", "email_address", "first_name", "last_name"]
    form_columns = [
        "user_name",
        "email_address",
        "first_name",
        "last_name",
        "age",
        "user_type",
        "user_image",
        "is_active",
        "is_superuser",
        "must_change_password",
        "roles",
        "flows",
        "last_login",
        "password_changed_at",
        "created_at",
        "updated_at",
    ]

    @record_action(
        "Reset password",
        icon="key",
        confirmation=(
            "{record} is signed out everywhere and earlier links stop working. You get a link with which "
            "they choose a new password; it works once, within an hour."
        ),
    )
    def reset_password(self, visit: Visit, record: User) -> Response:
        link = support.reset_password(visit.session, visit.identity, record)
        visit.session.commit()
        return visit.page(
            "reset_link.html",
            title="Link to set a password",
            person=visit.label(record),
            link=visit.site.settings.password_link(link.token),
            expires_text=f"It works until {link.expires_at:%H:%M} UTC.",
            back_url=visit.record_url(record) or visit.url(self, "list"),
        )


class UserSessionView(AdminView, model=UserSession):
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


class CredentialTokenView(AdminView, model=CredentialToken):
    icon = "key"
    name = "Password link"
    name_plural = "Password links"


class AuditEntryView(AdminView, model=AuditEntry):
    icon = "history"
    name_plural = "Audit entries"
    column_list = ["__str__", "actor_name", "action", "model", "happened_at", "ip_address"]
    column_default_sort = ("entry_id", True)


VIEWS: tuple[type[AdminView], ...] = (UserView, UserSessionView, CredentialTokenView, AuditEntryView)
