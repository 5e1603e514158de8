"""What a person who deletes a record has agreed to: what was shown to them, and that they mean it."""

import unicodedata
from collections.abc import Iterator

from admin_site.admin.consequences import Consequences, Line, counted, in_words, lowered
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.services.counting import MOST, Count

TYPED_ABOVE = 100  # rows; more than these are not deleted by a click alone
LONGEST_NAME = 60  # characters that people are asked to type

SEEN, TYPED = ":seen", ":typed"  # the names of a form's fields
UNREADABLE = "What you agreed to could not be read. Look at it once more."
NOT_LOOKED = "Look first at what goes with it."
UNSEEN_CHANGED = "some records that you may not see have changed"
_MANY = "many"
_NAME, _HIDDEN = ":name", ":hidden"
_NOTHING = (0, "")


class Unagreed(Exception):
    """What would happen is not what the person has agreed to."""


class Untyped(Exception):
    """The person has not typed what is asked for."""


class Consent:
    """What was shown of one deletion to one person, as it comes back with their answer.

    `key` says of what: the key of a record, or what stands for those of several.

    Each line that was shown comes back with a mark of the very rows it counted. Where the rows are others
    now, the person is asked again; not where fewer kinds of record are met, or where they have agreed to
    more than can be counted.
    """

    def __init__(self, visit: Visit, view: AdminView, key: str, label: str) -> None:
        self._seal = visit.site.seals.about("deletion", str(visit.identity.user_id), view.identity, key)
        self._label = label

    def seal(self, found: Consequences) -> str:
        """Return as the text of a form what is shown now."""
        shown = {key: [line.seen.number, self._mark(line)] for key, line in self._shown(found)}
        own = {_NAME: self._mark_of(self._label), _HIDDEN: self._mark_of_hidden(found)}
        return self._seal.sign({**shown, **own})

    def objection(self, text: str, found: Consequences) -> str:
        """Return in words why what was agreed to is not what would happen now, "" when it is."""
        if not text:
            return NOT_LOOKED if any(map(_needs_consent, found.lines)) else ""
        try:
            agreed = self._seal.read(text)
        except ValueError:
            return UNREADABLE
        if agreed.get(_NAME) != self._mark_of(self._label):
            return f"Since you looked, the record was changed: it is “{self._label}” now."
        changes = [
            _change(line, Count(agreed.get(key, _NOTHING)[0]))
            for key, line in self._shown(found)
            if agreed.get(key, _NOTHING)[1] not in (self._mark(line), _MANY)
        ]
        if agreed.get(_HIDDEN) != self._mark_of_hidden(found):
            changes.append(UNSEEN_CHANGED)
        return f"Since you looked, {in_words(list(dict.fromkeys(changes)))}." if changes else ""

    def _shown(self, found: Consequences) -> Iterator[tuple[str, Line]]:
        """Yield the lines that are shown, each under a name that tells nobody what kind it is of."""
        for line in filter(_needs_consent, found.shown):
            yield self._mark_of(_place(line)), line

    def _mark(self, line: Line) -> str:
        count = line.affected.count
        return _MANY if count.is_many else self._mark_of(str(count))

    def _mark_of_hidden(self, found: Consequences) -> str:
        """Return one mark of all lines of which the person sees nothing."""
        hidden = [line for line in found.lines if _needs_consent(line) and not line.is_shown]
        return self._mark_of(" ".join(sorted(f"{_place(line)} {self._mark(line)}" for line in hidden)))

    def _mark_of(self, text: str) -> str:
        return self._seal.digest(text.encode(errors="surrogatepass"))


def _needs_consent(line: Line) -> bool:
    """Return whether a line has to be what it was; what the site notes by itself changes at any moment."""
    return not line.is_own_note


def _place(line: Line) -> str:
    return f"{line.affected.effect} {line.affected.table.fullname}"


def needs_typing(found: Consequences, number: int = 0) -> bool:
    """Return whether so much would go, or may go unseen, that a click is not enough.

    `number` is how many records are deleted, where these are several.
    """
    return any(line.has_hidden and not line.is_own_note for line in found.lines) or is_large(found, number)


def is_large(found: Consequences, number: int) -> bool:
    """Return whether more rows would go than a click alone deletes."""
    total = found.total
    return total.number is None or number + total.number > TYPED_ABOVE


def to_type(found: Consequences, label: str) -> tuple[str, ...]:
    """Return the texts of which one confirms: the record's name, and the number of rows."""
    name = label if 0 < len(label.strip()) <= LONGEST_NAME and label.isprintable() else ""
    total = found.total
    number = "" if not total.number else f"{min(total.number, MOST):,}"
    return tuple(filter(None, (name, number))) or ("delete",)


def is_typed(text: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a text is one of those wanted; how it is spaced or composed does not matter."""
    typed = _plain(text)
    return any(typed in (_plain(each), _plain(each).replace(",", "")) for each in wanted if typed)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _change(line: Line, before: Count) -> str:
    now, names = line.seen, lowered(line.names)
    if now.number is None or before.number is None or now.is_many or before.is_many:
        return f"many {names} were added"
    difference = now.number - before.number
    if difference == 0:
        return UNSEEN_CHANGED if line.has_hidden else f"some {names} took the place of others"
    verb = "added" if difference > 0 else "removed"
    return f"{counted(line, Count(abs(difference)))} {'was' if abs(difference) == 1 else 'were'} {verb}"
