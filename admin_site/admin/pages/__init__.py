"""The pages of the admin, each a function from a Visit to a response."""

from admin_site.admin.pages.deletion import delete_record
from admin_site.admin.pages.details import show_record
from admin_site.admin.pages.editing import create_record, edit_record
from admin_site.admin.pages.entrance import (
    open_password_link,
    set_password,
    sign_in,
    sign_out,
)
from admin_site.admin.pages.home import home
from admin_site.admin.pages.lists import list_records
from admin_site.admin.pages.lookups import look_up

__all__ = [
    "create_record",
    "delete_record",
    "edit_record",
    "home",
    "list_records",
    "look_up",
    "open_password_link",
    "set_password",
    "show_record",
    "sign_in",
    "sign_out",
]
