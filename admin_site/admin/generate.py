"""A view class for every model: what nobody wrote is made from the model's description."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqladmin.helpers import prettify_class_name
from sqladmin.models import ModelViewMeta

from admin_site.admin.spelling import name_of
from admin_site.admin.views import AdminView
from admin_site.descriptions import Description, describe
from admin_site.models import Base
from admin_site.services.trees import as_tree

ICONS = (
    (("user", "person", "people", "staff", "customer", "employee", "student"), "user"),
    (("session", "login"), "device-desktop"),
    (("role", "permission", "grant"), "shield"),
    (("token", "credential", "key"), "key"),
    (("audit", "history", "log", "event"), "history"),
    (("course", "book", "lesson"), "book"),
    (("enrollment", "enrolment", "subscription"), "school"),
    (("flow", "process", "job", "task"), "git-branch"),
    (("item", "product", "part"), "box"),
    (("order", "invoice", "payment"), "receipt"),
    (("type", "category", "tag", "kind"), "tag"),
)
"""The icon for a model whose name has one of these words."""


UNWRITTEN = object()


def view_classes(models: Sequence[type], written: Iterable[type[AdminView]]) -> list[type[AdminView]]:
    """Return a fresh view class for each model: the hand-written one completed, else a generated one.

    SQLAdmin writes its wiring onto the class it is given, so each site gets classes of its own.
    """
    by_model = {view.model: view for view in written}
    identities = identify([*models, *(model for model in by_model if model not in models)])
    return [
        _complete(by_model.get(model, AdminView), model, identity) for model, identity in identities.items()
    ]


def identify(models: Iterable[type]) -> dict[type, str]:
    """Return each model's name in URLs and grants: its class's, with its module's where two share one.

    Our own keep their plain names, which permissions know.
    """
    models = sorted(dict.fromkeys(models), key=lambda model: not issubclass(model, Base))
    plain = [describe(model).identity for model in models]
    identities: dict[type, str] = {}
    for model, identity in zip(models, plain, strict=True):
        name = identity
        if plain.count(identity) > 1 and not issubclass(model, Base):
            name = f"{_slug(model.__module__.rpartition('.')[2])}-{identity}"
        number = 2
        while name in identities.values():
            name, number = f"{identity}-{number}", number + 1
        identities[model] = name
    return identities


def options(description: Description) -> dict[str, Any]:
    """Return SQLAdmin's attributes for a model that nobody wrote a view for."""
    return {
        "name": description.name,
        "name_plural": description.name_plural,
        "category": description.subject,
        "icon": icon(description.name),
        "can_create": not description.abstract_reason,
    }


def icon(name: str) -> str:
    """Return the icon that suits a model's name, a table otherwise."""
    words = name.lower()
    return next((icon for stems, icon in ICONS if any(stem in words for stem in stems)), "table")


def _complete(view: type[AdminView], model: type, identity: str) -> type[AdminView]:
    """Return a subclass of `view` for `model` with all that `view` leaves open."""
    description = replace(describe(model), identity=identity)
    if view.tree is not None:
        description = as_tree(description, name_of(view.tree))
    attributes = options(description)
    attributes |= {name: value for name, value in _written(view, model).items() if name in attributes}
    attributes["can_create"] = attributes["can_create"] and not description.abstract_reason
    attributes["__module__"] = view.__module__
    attributes["description"] = description
    made: type[AdminView] = ModelViewMeta(view.__name__, (view,), attributes, model=model)
    made.identity = identity
    return made


def _written(view: type[AdminView], model: type) -> dict[str, Any]:
    """Return what a hand-written view says itself, without the names that SQLAdmin's metaclass fills in."""
    bases = [base for base in reversed(view.__mro__) if issubclass(base, AdminView) and base is not AdminView]
    written = {name: value for base in bases for name, value in vars(base).items()}
    filled_in = {"name": (name := prettify_class_name(model.__name__)), "name_plural": f"{name}s"}
    return {name: value for name, value in written.items() if value != filled_in.get(name, UNWRITTEN)}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
