"""Reads a form out of a page and fills it in as a browser does."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

NOT_SENT = frozenset({"submit", "button", "image", "reset", "file"})


@dataclass
class PageForm:
    """The fields a browser would send of one form, in their order, files left out."""

    action: str = ""
    method: str = "get"
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def data(self, **changes: str) -> dict[str, list[str]]:
        """Return what is posted, some single fields typed over (`name__add=` means the field `name:add`)."""
        data: dict[str, list[str]] = {}
        for name, value in self.pairs:
            data.setdefault(name, []).append(_as_sent(value))
        for name, value in changes.items():
            data[name.replace("__", ":")] = [_as_sent(value)]
        return data


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._textarea: tuple[str, list[str]] | None = None
        self._select: tuple[str, bool, list[tuple[str, bool]]] | None = None
        self._option: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        if self._form is None or "disabled" in given:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(self._form, name, given)
        elif tag == "textarea" and name:
            self._textarea = (name, [])
        elif tag == "select" and name:
            self._select = (name, "multiple" in given, [])
        elif tag == "option" and self._select:
            self._select[2].append((given.get("value", ""), "selected" in given))

    def _input(self, form: PageForm, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                form.pairs.append((name, given.get("value", "on")))
        elif kind not in NOT_SENT:
            value = given.get("value", "")
            form.pairs.append(
                (name, value if kind == "hidden" else value.replace("\r", "").replace("\n", ""))
            )

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if self._form is None:
            return
        if tag == "textarea" and self._textarea:
            name, parts = self._textarea
            # The HTML standard drops one line break right after the tag.
            text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self._form.pairs.append((name, text))
            self._textarea = None
        elif tag == "select" and self._select:
            name, is_multiple, options = self._select
            chosen = [value for value, is_selected in options if is_selected]
            if not is_multiple:
                chosen = chosen[-1:] or [value for value, _ in options[:1]]
            self._form.pairs.extend((name, value) for value in chosen)
            self._select = None


def read_forms(html: str) -> list[PageForm]:
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def record_form(html: str) -> PageForm:
    """Return the form of a record on a create or edit page."""
    return next(form for form in read_forms(html) if any(name == ":state" for name, _ in form.pairs))


def deletion_form(html: str) -> PageForm:
    """Return the form that deletes what a page asks about."""
    return next(form for form in read_forms(html) if any(name == ":seen" for name, _ in form.pairs))


def words(html: str) -> str:
    """Return what is read on a page below its menus, on one line."""
    main = html[html.find("<main") :].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def _as_sent(text: str) -> str:
    """Return `text` with the line ends that a browser sends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
