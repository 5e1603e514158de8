"""The children that are edited in the form of a record."""

from typing import Any

from starlette.datastructures import FormData

from admin_site.admin.forms import RecordForm
from admin_site.admin.inlines import Inline
from admin_site.admin.pages.inline_posts import PostedSheet, is_owned, read_posts
from admin_site.admin.pages.inline_sections import Section, make_section
from admin_site.admin.pages.inline_sheets import Sheet
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Invalid
from admin_site.services.families import JOINT, Child, every_child, save_children


class Inlines:
    """The inlines of a view, as one person sees and changes them."""

    def __init__(self, visit: Visit, view: AdminView) -> None:
        self.visit = visit
        self.inlines = [
            inline for inline in view.inline_list if inline.view and visit.may_list(inline.view.model)
        ]
        self.children: list[Child] = []
        self._new: set[int] = set()
        self._forms: dict[str, RecordForm] = {}
        every = [each for inline in self.inlines for each in (inline, *inline.nested)]
        self._views = {inline.bond.relation: inline.view for inline in every if inline.view}

    def owns(self, name: str) -> bool:
        """Return whether a control of the form is one of an inline, so not the record's own."""
        return is_owned(name)

    def read(self, record: Any, form: FormData) -> None:
        """Learn what becomes of the rows that were posted under `record`, None for a new one.

        Raises Invalid by `place|name`, Forbidden, or BadRequest.
        """
        posted = self._posts(form)
        problems: dict[str, dict[str, str]] = {}
        self.children = [
            child
            for inline in self.inlines
            if inline.name in posted
            for child in self._sheet(inline, record, posted[inline.name]).children(problems)
        ]
        if problems:
            raise Invalid(
                {
                    f"{place}{JOINT}{name}": text
                    for place, wrong in problems.items()
                    for name, text in wrong.items()
                }
            )
        self._new = {id(child) for child in every_child(self.children) if child.record is None}
        for child in every_child(self.children):
            self._notify(child, "on", is_new=child.record is None)

    def store(self, record: Any) -> None:
        """Write what was read under `record`, which is stored; raises as `read` does."""
        if self.children:
            save_children(self.visit.session, self.visit.identity, record, self.children)

    def after(self) -> None:
        """Tell the views of the rows that all is committed."""
        for child in every_child(self.children):
            self._notify(child, "after", is_new=id(child) in self._new)

    def sections(self, record: Any, form: FormData | None, errors: dict[str, str]) -> list[Section]:
        """Return the inlines for the page, as stored or as posted.

        What is wrong with rows is taken out of `errors`.
        """
        posted = self._posts(form) if form is not None else {}
        problems: dict[str, dict[str, str]] = {}
        for name in [name for name in errors if is_owned(name)]:
            place, _, field = name.rpartition(JOINT)
            problems.setdefault(place, {})[field] = errors.pop(name)
        return [
            make_section(self._sheet(inline, record, posted.get(inline.name)), problems)
            for inline in self.inlines
        ]

    def _sheet(self, inline: Inline, record: Any, posted: PostedSheet | None) -> Sheet:
        return Sheet(self.visit, inline, record, posted=posted, forms=self._forms)

    def _posts(self, form: FormData) -> dict[str, PostedSheet]:
        posted = read_posts(form)
        if unknown := posted.keys() - {inline.name for inline in self.inlines}:
            raise BadRequest(f"This form has no rows “{min(unknown)[:100]}”. Nothing was saved.")
        return posted

    def _notify(self, child: Child, hook: str, *, is_new: bool) -> None:
        view = self._views[child.bond.relation]
        if child.is_removed:
            view.notify(f"{hook}_model_delete", child.record, self.visit.request)
        elif child.values:
            view.notify(f"{hook}_model_change", child.values, child.record, is_new, self.visit.request)
