"""An admin site for SQLAlchemy models: `create_app(Settings(...), models=[Base])` is all it takes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from admin_site.admin.inlines import Inline, StackedInline, TabularInline
    from admin_site.admin.views import AdminView
    from admin_site.app import create_app
    from admin_site.config import Settings
    from admin_site.permissions import RowScope

__all__ = ["AdminView", "Inline", "RowScope", "Settings", "StackedInline", "TabularInline", "create_app"]

_HOMES = {
    "AdminView": "admin_site.admin.views",
    "Inline": "admin_site.admin.inlines",
    "StackedInline": "admin_site.admin.inlines",
    "TabularInline": "admin_site.admin.inlines",
    "RowScope": "admin_site.permissions",
    "Settings": "admin_site.config",
    "create_app": "admin_site.app",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: a migration imports this package and needs none of its pages.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
