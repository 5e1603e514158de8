"""The pages of the admin, each a function from a Visit to a response."""

from admin_site.admin.pages.account import (
    change_preferences,
    change_theme,
    end_own_sessions,
    show_account,
)
from admin_site.admin.pages.account_password import change_password
from admin_site.admin.pages.account_second_factor import (
    remove_second_factor,
    renew_recovery_codes,
    second_factor,
)
from admin_site.admin.pages.bulk import act_on_many
from admin_site.admin.pages.checks import check_field
from admin_site.admin.pages.columns import choose_columns
from admin_site.admin.pages.confirm_password import confirm_password
from admin_site.admin.pages.dates import drill_down
from admin_site.admin.pages.deletion import delete_record
from admin_site.admin.pages.details import show_record
from admin_site.admin.pages.drafts import change_draft
from admin_site.admin.pages.editing import create_record, edit_record
from admin_site.admin.pages.entrance import (
    open_password_link,
    set_password,
    sign_in,
    sign_out,
)
from admin_site.admin.pages.export import choose_export, export_records
from admin_site.admin.pages.files import download_file
from admin_site.admin.pages.filters import choose_filter, count_choices, look_up_filter
from admin_site.admin.pages.forgot import forgot_password
from admin_site.admin.pages.home import home
from admin_site.admin.pages.inplace import edit_rows
from admin_site.admin.pages.lists import count_records, list_records
from admin_site.admin.pages.lookups import look_up
from admin_site.admin.pages.members import show_members
from admin_site.admin.pages.reset_links import show_reset_link
from admin_site.admin.pages.role_matrix import edit_permissions
from admin_site.admin.pages.saved_views import add_view, change_view
from admin_site.admin.pages.second_step import enter_code
from admin_site.admin.pages.sorting import choose_sort
from admin_site.admin.pages.support import find_people
from admin_site.admin.pages.support_person import show_person
from admin_site.admin.pages.support_questions import do_deed, stop_looking

__all__ = [
    "act_on_many",
    "add_view",
    "change_draft",
    "change_password",
    "change_preferences",
    "change_theme",
    "change_view",
    "check_field",
    "choose_columns",
    "choose_export",
    "choose_filter",
    "choose_sort",
    "confirm_password",
    "count_choices",
    "count_records",
    "create_record",
    "delete_record",
    "do_deed",
    "download_file",
    "drill_down",
    "edit_permissions",
    "edit_record",
    "edit_rows",
    "end_own_sessions",
    "enter_code",
    "export_records",
    "find_people",
    "forgot_password",
    "home",
    "list_records",
    "look_up",
    "look_up_filter",
    "open_password_link",
    "remove_second_factor",
    "renew_recovery_codes",
    "second_factor",
    "set_password",
    "show_account",
    "show_members",
    "show_person",
    "show_record",
    "show_reset_link",
    "sign_in",
    "sign_out",
    "stop_looking",
]
