"""The view of people."""

from starlette.requests import Request
from starlette.responses import Response

from admin_site.admin.actions import bulk_action, record_action
from admin_site.admin.own_views.limited import site_of
from admin_site.admin.pages.support_deeds import reset
from admin_site.admin.support_desk import desk_url, view_at_desk
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.models import User
from admin_site.permissions import Action
from admin_site.services import support

NO_MAIL = "No mail goes out of this site yet (SMTP_HOST), and links cannot be shown to you for many at once."


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
    inlines = ["enrollments", "items"]

    @record_action(
        "Reset password",
        icon="key",
        confirmation=(
            "{record} is signed out everywhere and earlier links stop working. They choose a new password "
            "with a link that works once, within an hour. It is sent to them; where no mail goes out you get "
            "it."
        ),
    )
    def reset_password(self, visit: Visit, record: User) -> Response:
        return reset(visit, self, record)

    @bulk_action(
        "Send reset link",
        right=Action.RESET_PASSWORD,
        icon="mail",
        confirmation=(
            "{record} is signed out everywhere and gets a mail with a link for a new password. It works "
            "once, within an hour; earlier links stop working."
        ),
        why_not=lambda visit: "" if visit.site.settings.can_send_mail else NO_MAIL,
    )
    def send_reset_link(self, visit: Visit, record: User) -> None:
        support.send_reset_link(visit.session, visit.identity, record)

    @bulk_action(
        "End sessions",
        right=Action.END_SESSIONS,
        icon="logout",
        confirmation="{record} is signed out in every browser, and can sign in again.",
    )
    def end_sessions(self, visit: Visit, record: User) -> None:
        support.end_sessions_of(visit.session, visit.identity, record)

    def further_page(self, request: Request) -> tuple[str, str, str] | None:
        site = site_of(self)
        if view_at_desk(site, request) is not self:
            return None
        return "Support desk", desk_url(site, request), "lifebuoy"
