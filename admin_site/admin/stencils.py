"""The same control in many rows, rendered once."""

from collections.abc import Callable

from markupsafe import Markup, escape

from admin_site.admin.entries import Control

_ID, _NAME, _VALUE = "\ue000i", "\ue000n", "\ue000v"
_VALUED = frozenset({"text", "textarea", "number", "mono", "uuid", "date", "time", "datetime", "json"})
_CHOSEN = frozenset({"choice", "radio", "checkbox"})  # what is chosen among them shows elsewhere than as text


class Stencil:
    """Renders the controls of a table: of those that differ by no more than name and text, only the first."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def __call__(self, control: Control, widget: Callable[..., Markup]) -> Markup:
        """Return what the macro `widget` makes of a control."""
        is_valued = control["widget"] in _VALUED and isinstance(control.get("value"), str)
        is_plain = is_valued or control["widget"] in _CHOSEN
        if not is_plain or control["error"] or control["read_only"]:
            return widget(control, compact=True)
        shape = {**control, "id": _ID, "name": _NAME} | ({"value": _VALUE} if is_valued else {})
        html = self._kept.get(key := repr(shape))
        if html is None:
            html = self._kept[key] = str(widget(shape, compact=True)).strip()
        html = html.replace(_ID, escape(control["id"])).replace(_NAME, escape(control["name"]))
        # The value comes last: nothing is looked for in what people typed.
        return Markup(html.replace(_VALUE, escape(control["value"])) if is_valued else html)  # noqa: S704
