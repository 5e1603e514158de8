"""The sections of a record's form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from admin_site.admin.entries import Control, Entry, StaticEntry

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView

LONG = 12  # fields that a form shows at once without being asked to
FIRST = 8  # of a longer one, at least
MORE = "More"
STATIC = "Cannot be edited"
TOLD = 4  # labels that say what is in a folded section


@dataclass(frozen=True)
class Section:
    """Some controls under one title, folded until they are asked for."""

    title: str
    controls: Sequence[Control]
    collapsed: bool = False
    help: str = ""
    note: str = field(default="", compare=False)
    is_static: bool = False  # it stands below the children of the record


def sections(view: "AdminView", entries: Sequence[Entry], controls: Mapping[str, Control]) -> list[Section]:
    """Return the controls of a form in their sections: the view's own, or else what is common first.

    A section is open where something in it is wrong, or was filled in by the address.
    """
    by_name = {entry.name: entry for entry in entries if entry.name in controls}
    for name, entry in by_name.items():
        controls[name]["begun"] = getattr(entry, "is_begun", False)
    found = (
        _written(view, by_name, controls) if view.form_options.fieldsets else _made(view, by_name, controls)
    )
    return [_opened(section) for section in found if section.controls]


def _written(
    view: "AdminView", entries: Mapping[str, Entry], controls: Mapping[str, Control]
) -> Iterable[Section]:
    placed: set[str] = set()
    for fieldset in view.form_options.fieldsets:
        shown = [controls[name] for name in fieldset.names if name in entries]
        placed |= set(fieldset.names)
        yield Section(fieldset.title, shown, fieldset.collapsed, fieldset.help)
    left = [name for name in entries if name not in placed]
    yield Section(MORE, [controls[name] for name in left if not _is_static(entries[name])], collapsed=True)
    yield from _static(entries, controls, left)


def _made(
    view: "AdminView", entries: Mapping[str, Entry], controls: Mapping[str, Control]
) -> Iterable[Section]:
    edited = [name for name in entries if not _is_static(entries[name])]
    required = [name for name in edited if controls[name]["required"]]
    common = [name for name in edited if name in view.common_names and name not in required]
    others = [name for name in edited if name not in required and name not in common]
    room = max(0, FIRST - len(required) - len(common))
    rest = others[room:]
    if len(edited) <= LONG or len(rest) < TOLD:
        yield Section("", [controls[name] for name in edited])
    else:
        yield Section("", [controls[name] for name in (*required, *common, *others[:room])])
        yield Section(MORE, [controls[name] for name in rest], collapsed=True)
    yield from _static(entries, controls, entries)


def _static(
    entries: Mapping[str, Entry], controls: Mapping[str, Control], names: Iterable[str]
) -> Iterable[Section]:
    shown = [controls[name] for name in names if _is_static(entries[name])]
    yield Section(STATIC, shown, collapsed=True, is_static=True)


def _is_static(entry: Entry) -> bool:
    return isinstance(entry, StaticEntry)


def _opened(section: Section) -> Section:
    needs_eyes = any(control["error"] or control.get("begun") for control in section.controls)
    is_collapsed = section.collapsed and not needs_eyes
    return replace(section, collapsed=is_collapsed, note=_note(section) if section.collapsed else "")


def _note(section: Section) -> str:
    """Return what is in a folded section: "Phone, Birthday, Notes and 5 more"."""
    labels = [str(control["label"]) for control in section.controls]
    if len(labels) <= TOLD:
        return ", ".join(labels)
    return f"{', '.join(labels[: TOLD - 1])} and {len(labels) - TOLD + 1} more"
