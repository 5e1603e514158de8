"""The pages of the admin, each a function from a Visit to a response."""

from admin_site.admin.pages.checks import check_field
from admin_site.admin.pages.columns import choose_columns
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
from admin_site.admin.pages.home import home
from admin_site.admin.pages.inplace import edit_rows
from admin_site.admin.pages.lists import count_records, list_records
from admin_site.admin.pages.lookups import look_up
from admin_site.admin.pages.members import show_members
from admin_site.admin.pages.reset_links import show_reset_link
from admin_site.admin.pages.saved_views import add_view, change_view
from admin_site.admin.pages.sorting import choose_sort

__all__ = [
    "add_view",
    "change_draft",
    "change_view",
    "check_field",
    "choose_columns",
    "choose_export",
    "choose_filter",
    "choose_sort",
    "count_choices",
    "count_records",
    "create_record",
    "delete_record",
    "download_file",
    "drill_down",
    "edit_record",
    "edit_rows",
    "export_records",
    "home",
    "list_records",
    "look_up",
    "look_up_filter",
    "open_password_link",
    "set_password",
    "show_members",
    "show_record",
    "show_reset_link",
    "sign_in",
    "sign_out",
]
