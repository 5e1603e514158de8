"""What a view says of its form, in SQLAdmin's attributes and ours."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqladmin import ModelView

from admin_site.admin.spelling import name_of
from admin_site.descriptions import NO_DEFAULT, Kind
from admin_site.errors import ConfigurationError

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView

READ_ONLY = "It cannot be changed here."

_ARGUMENTS = frozenset({"label", "description", "default", "render_kw"})
_ATTRIBUTES = frozenset(
    {
        "autocapitalize",
        "autocomplete",
        "autofocus",
        "enterkeyhint",
        "inputmode",
        "lang",
        "max",
        "maxlength",
        "min",
        "minlength",
        "pattern",
        "placeholder",
        "rows",
        "spellcheck",
        "step",
        "title",
    }
)
_LOCKS = frozenset({"readonly", "disabled"})
_FOR_WTFORMS = ("form", "form_base_class", "form_converter", "form_overrides")
_INSTEAD = {
    "validators": "rules of the database (CHECK, length, NOT NULL) or on_model_change say what is wrong",
    "filters": "the hook on_model_change may change what was typed",
    "choices": "give the column an Enum",
    "class": "style its id, field-<name>, in a style sheet",
    "style": "style its id, field-<name>, in a style sheet",
}


@dataclass(frozen=True)
class FieldOptions:
    """What a view says of one field of its form."""

    label: str = ""
    help: str = ""
    default: Any = NO_DEFAULT
    attributes: Mapping[str, str] = field(default_factory=dict)
    prepopulated_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fieldset:
    """A section of a form."""

    title: str
    names: tuple[str, ...]
    collapsed: bool = False
    help: str = ""


@dataclass(frozen=True)
class FormOptions:
    """What a view says of its form; made once, raising ConfigurationError for what cannot be honoured."""

    fields: Mapping[str, FieldOptions]
    read_only: Mapping[str, str]
    fieldsets: tuple[Fieldset, ...]
    when_new: tuple[str, ...] = ()
    when_stored: tuple[str, ...] = ()

    @classmethod
    def of(cls, view: "AdminView", names: Sequence[str]) -> "FormOptions":
        """Return the options of a view whose form has fields with these names."""
        _refuse_wtforms(view)
        rules = _Rules(view, names)
        return cls(
            rules.fields(),
            rules.read_only(),
            tuple(rules.fieldsets()),
            rules.named("form_create_rules"),
            rules.named("form_edit_rules"),
        )

    def of_field(self, name: str) -> FieldOptions:
        return self.fields.get(name, _NONE)

    def names(self, names: Iterable[str], *, is_new: bool, hidden: Collection[str] = ()) -> tuple[str, ...]:
        """Return which of the form's fields a new or a stored record has, in their order."""
        chosen = self.when_new if is_new else self.when_stored
        given = [name for name in names if name not in hidden]
        return tuple(name for name in chosen if name in given) if chosen else tuple(given)


_NONE = FieldOptions()


class _Rules:
    """Reads the attributes of one view and says what is wrong with them."""

    def __init__(self, view: "AdminView", names: Sequence[str]) -> None:
        self.view = view
        self.owner = type(view).__name__
        self.form_names = names

    def fields(self) -> dict[str, FieldOptions]:
        arguments = self._by_name("form_args")
        widgets = self._by_name("form_widget_args")
        slugs = self._prepopulated()
        return {
            name: FieldOptions(
                label=str(arguments.get(name, {}).get("label", "")),
                help=str(arguments.get(name, {}).get("description", "")),
                default=self._default(name, arguments.get(name, {})),
                attributes=dict(self._attributes(name, arguments, widgets)),
                prepopulated_from=slugs.get(name, ()),
            )
            for name in {**arguments, **widgets, **slugs}
        }

    def read_only(self) -> dict[str, str]:
        given = self.view.form_readonly
        reasons = given if isinstance(given, Mapping) else dict.fromkeys(given, READ_ONLY)
        found = {self._known("form_readonly", name): str(reason) for name, reason in reasons.items()}
        for attribute, options in (
            ("form_args", self.view.form_args),
            ("form_widget_args", self.view.form_widget_args),
        ):
            for name, said in options.items():
                said = said.get("render_kw", {}) if attribute == "form_args" else said
                if any(said.get(lock) for lock in _LOCKS):
                    found.setdefault(name_of(name), READ_ONLY)
        return found

    def fieldsets(self) -> Iterator[Fieldset]:
        taken: set[str] = set()
        for item in self.view.form_fieldsets:
            fieldset = self._fieldset(item)
            if twice := taken & set(fieldset.names):
                raise self._error("form_fieldsets", f"{sorted(twice)[0]!r} stands in two sections")
            taken |= set(fieldset.names)
            yield fieldset

    def named(self, attribute: str) -> tuple[str, ...]:
        """Return the fields that one of SQLAdmin's lists of rules leaves, in their order."""
        given = getattr(self.view, attribute) or self.view.form_rules
        used = attribute if getattr(self.view, attribute) else "form_rules"
        return tuple(self._known(used, name) for name in given)

    def _fieldset(self, item: Any) -> Fieldset:
        try:
            title, names, options = item if len(item) == 3 else (*item, {})
        except (TypeError, ValueError):
            raise self._error(
                "form_fieldsets", f"write (title, [names], {{options}}), not {item!r}"
            ) from None
        if isinstance(names, Mapping):  # as Django has them
            options, names = names, names.get("fields", ())
        options = dict(options)
        is_collapsed = bool(options.pop("collapsed", False)) or "collapse" in options.pop("classes", ())
        words = str(options.pop("help", "") or options.pop("description", "") or "")
        options.pop("fields", None)
        if options:
            raise self._error("form_fieldsets", f"a section has no option {sorted(options)[0]!r}")
        known = tuple(self._known("form_fieldsets", name) for name in _flat(names))
        return Fieldset(str(title or ""), known, is_collapsed, words)

    def _prepopulated(self) -> dict[str, tuple[str, ...]]:
        attribute = "form_prepopulated"
        found = {}
        for name, sources in self.view.form_prepopulated.items():
            slug = self._known(attribute, name)
            if not self._is_text(slug):
                raise self._error(attribute, f"{slug!r} is no text that could be made from others")
            found[slug] = tuple(self._known(attribute, source) for source in sources)
        return found

    def _is_text(self, name: str) -> bool:
        fields = self.view.description.fields
        return any(field.name == name and field.kind in (Kind.TEXT, Kind.LONG_TEXT) for field in fields)

    def _by_name(self, attribute: str) -> dict[str, Mapping[str, Any]]:
        return {self._known(attribute, name): said for name, said in getattr(self.view, attribute).items()}

    def _default(self, name: str, said: Mapping[str, Any]) -> Any:
        for unknown in said.keys() - _ARGUMENTS:
            instead = _INSTEAD.get(unknown, "it belongs to WTForms, which this admin does not use")
            raise self._error("form_args", f"{unknown!r} of {name!r} has no effect here: {instead}")
        default = said.get("default", NO_DEFAULT)
        if default is not NO_DEFAULT and not any(item.name == name for item in self.view.description.fields):
            raise self._error(
                "form_args", f"{name!r} is a relation, whose default the address of the form says"
            )
        return default

    def _attributes(
        self,
        name: str,
        arguments: Mapping[str, Mapping[str, Any]],
        widgets: Mapping[str, Mapping[str, Any]],
    ) -> Iterator[tuple[str, str]]:
        rendered = arguments.get(name, {}).get("render_kw", {})
        for attribute, said in (("form_args", rendered), ("form_widget_args", widgets.get(name, {}))):
            for key, value in said.items():
                if key in _LOCKS or value is False or value is None:
                    continue
                if key not in _ATTRIBUTES and not key.startswith("data-"):
                    instead = _INSTEAD.get(key, f"known are {', '.join(sorted(_ATTRIBUTES | _LOCKS))}")
                    raise self._error(attribute, f"{key!r} of {name!r} has no effect here: {instead}")
                yield key, "" if value is True else str(value)

    def _known(self, attribute: str, item: Any) -> str:
        name = name_of(item)
        if name not in self.form_names:
            raise self._error(attribute, f"the form has no field {name!r}")
        return name

    def _error(self, attribute: str, words: str) -> ConfigurationError:
        return ConfigurationError(f"{self.owner}.{attribute}: {words}")


def _refuse_wtforms(view: "AdminView") -> None:
    """Refuse what only a form of WTForms could honour."""
    for attribute in _FOR_WTFORMS:
        given = getattr(view, attribute, None)
        if given and given != getattr(ModelView, attribute, None):
            raise ConfigurationError(
                f"{type(view).__name__}.{attribute}: forms are made from the model, not by WTForms. "
                "Say it in the model, in form_args or in form_widget_args."
            )


def _flat(names: Iterable[Any]) -> Iterator[Any]:
    for name in names:
        if isinstance(name, list | tuple):
            yield from name
        else:
            yield name
