"""Who changed a record while somebody had its form open, and what it held before."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from json import dumps
from typing import Any

from sqlalchemy import select

from admin_site import audit
from admin_site.admin.entries import LookupEntry, TextEntry
from admin_site.admin.forms import RecordForm
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.models import AuditEntry
from admin_site.models.audit import ACTORS, COMMAND_LINE
from admin_site.permissions import Action

LOOKED_AT = 50  # of the latest changes of a record
SOMEBODY = "Somebody else"
CHOOSE = "Somebody else saved this record while you were editing it. Nothing of yours is saved yet."
ONESELF = "You saved this record in the meantime, in another tab or before you went back."
THEIRS = "{who} changed this meanwhile. Choose what is saved."
OWN = "You changed this meanwhile, in another tab or before you went back. Choose what is saved."
YOU = "You"


def tell(visit: Visit, view: AdminView, form: RecordForm) -> None:
    """Note in the clashes of a form who made the other change, and what a field began with."""
    clashing = [entry for entry in form.entries if entry.name in form.clashes]
    changes = _changes(visit, view, form.record) if clashing else []
    for entry in clashing:
        clash = form.clashes[entry.name]
        latest = _latest(view, changes, entry.name)
        if latest is not None:
            clash.who, clash.when = _who(visit, latest), latest.happened_at.isoformat()
            if entry.name in form.errors and isinstance(entry, TextEntry | LookupEntry):
                form.errors[entry.name] = OWN if clash.who == YOU else THEIRS.format(who=clash.who)
        if clash.origin is None and isinstance(entry, TextEntry):
            texts = _texts(changes, entry)
            clash.origin = next((text for text in texts if _began_with(form, entry, text)), None)


def problem(form: RecordForm) -> str:
    """Return what stands above a form with fields in conflict."""
    makers = {clash.who for clash in form.clashes.values()}
    return (ONESELF if makers == {YOU} else CHOOSE) if makers else ""


def kept_words(visit: Visit, view: AdminView, form: RecordForm) -> str:
    """Return what somebody else changed meanwhile and a save has kept: "Meanwhile Ada had changed ..."."""
    if not form.kept:
        return ""
    changes = _changes(visit, view, form.record)
    by_person: dict[str, list[str]] = {}
    for name in form.kept:
        latest = _latest(view, changes, name)
        who = _who(visit, latest) if latest is not None else SOMEBODY
        by_person.setdefault(who, []).append(view.label(name))
    parts = [f"{within(who)} had changed {_listed(labels)}" for who, labels in by_person.items()]
    return f" Meanwhile {_listed(parts)}; that is kept."


def within(who: str) -> str:
    """Return who did something as it reads within a sentence, where people alone keep their capital."""
    is_nobodys_name = who in (YOU, SOMEBODY, *ACTORS.values()) or who.startswith(f"{ACTORS[COMMAND_LINE]} (")
    return who[0].lower() + who[1:] if is_nobodys_name else who


def deleted_by(visit: Visit, view: AdminView, key: str) -> str:
    """Return who deleted the record with a key, "" for those who might not have seen the record."""
    if not (_may_know(visit, view) and view.has_all_rows(visit.identity)):
        return ""
    entry = visit.session.scalars(
        _of(view, key).where(AuditEntry.action == "delete").order_by(AuditEntry.entry_id.desc()).limit(1)
    ).first()
    return within(_who(visit, entry)) if entry is not None else ""


def _changes(visit: Visit, view: AdminView, record: Any) -> Sequence[AuditEntry]:
    """Return the latest changes of a record, newest first; none for who may not see its history."""
    if record is None or not _may_know(visit, view):
        return ()
    key = audit.record_key(view.description, record)
    entries = _of(view, key).where(AuditEntry.action == "edit").order_by(AuditEntry.entry_id.desc())
    with visit.session.no_autoflush:
        return visit.session.scalars(entries.limit(LOOKED_AT)).all()


def _of(view: AdminView, key: str) -> Any:
    return select(AuditEntry).where(
        AuditEntry.model == audit.model_name(view.description), AuditEntry.key == key
    )


def _may_know(visit: Visit, view: AdminView) -> bool:
    return view.has_history and view.allows(visit.request, Action.DETAILS)


def _latest(view: AdminView, changes: Iterable[AuditEntry], name: str) -> AuditEntry | None:
    relation = next((item for item in view.description.relations if item.name == name), None)
    names = {name, *(relation.columns if relation else ())}
    return next((entry for entry in changes if names & entry.changes.keys()), None)


def _who(visit: Visit, entry: AuditEntry) -> str:
    return YOU if entry.actor_id == str(visit.identity.user_id) else entry.actor


def _texts(changes: Iterable[AuditEntry], entry: TextEntry) -> Iterable[str]:
    """Yield the texts that a field had before each of the changes, as the trail keeps them."""
    for each in changes:
        with suppress(KeyError, TypeError, IndexError):
            old = each.changes[entry.name][0]
            yield "" if old is None else old if isinstance(old, str) else dumps(old, ensure_ascii=False)


def _began_with(form: RecordForm, entry: TextEntry, text: str) -> bool:
    """Return whether a text is what the page of a form was made from."""
    is_new_clash = entry.name not in form.comparison.origins()
    return is_new_clash and form.comparison.digest(entry, text) == form.clashes[entry.name].before.digest


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
