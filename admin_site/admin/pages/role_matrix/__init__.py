"""The permissions of a role, as a matrix of models and actions."""

from admin_site.admin.pages.role_matrix.page import edit_permissions

__all__ = ["edit_permissions"]
