"""How a new record is made, whatever the constructor of its class wants."""

import inspect
from collections.abc import Mapping
from inspect import Parameter
from typing import Any

from admin_site.descriptions import Description
from admin_site.errors import Invalid
from admin_site.services.constraints import REQUIRED

Values = Mapping[str, Any]

_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def construct(description: Description, values: Values) -> Any:
    """Return a new instance with these values, made by the constructor as far as it takes them.

    A constructor that insists on what is no field (a clock, a client) can be given nothing: it is left out.
    Raises Invalid.
    """
    parameters = list(inspect.signature(description.model).parameters.values())
    missing = [each.name for each in parameters if _is_required(each) and each.name not in values]
    if not all(description.has(name) for name in missing):
        record, rest = description.mapper.class_manager.new_instance(), dict(values)
    else:
        # The constructor that SQLAlchemy gives to declarative classes sets every attribute it is given.
        takes_all = description.mapper.class_manager.original_init.__module__ == "sqlalchemy.orm.decl_base"
        given = {name: value for name, value in values.items() if takes_all or _takes(parameters, name)}
        record = _call(description, given, missing)
        rest = {name: value for name, value in values.items() if name not in given}
    for name, value in rest.items():
        set_value(record, name, value)
    return record


def set_value(record: Any, name: str, value: Any) -> None:
    """Set an attribute; what a method that validates it refuses is Invalid."""
    try:
        setattr(record, name, value)
    except (ValueError, AssertionError) as error:
        raise Invalid({name: _sentence(error)}) from error


def _call(description: Description, given: Values, missing: list[str]) -> Any:
    """Call the constructor; if it cannot do without what is missing, that is what is wrong."""
    try:
        return description.model(**given, **{name: _nothing(description, name) for name in missing})
    except (ValueError, AssertionError) as error:
        _try_fields(description, given)
        raise Invalid({"": _sentence(error)}) from error
    except (TypeError, AttributeError) as error:
        if not missing:
            raise
        raise Invalid(dict.fromkeys(missing, REQUIRED)) from error


def _try_fields(description: Description, values: Values) -> None:
    """Raise Invalid for the field, if it is a single one, that the constructor has stumbled over."""
    record = description.mapper.class_manager.new_instance()
    for field in description.fields:
        if field.name in values:
            set_value(record, field.name, values[field.name])


def _takes(parameters: list[Parameter], name: str) -> bool:
    return any(each.name == name and each.kind in _BY_NAME for each in parameters)


def _is_required(parameter: Parameter) -> bool:
    is_variable = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return parameter.default is Parameter.empty and not is_variable


def _nothing(description: Description, name: str) -> Any:
    """Return what stands for no value: None, or no members."""
    relation = description.mapper.relationships.get(name)
    if relation is None or not relation.uselist:
        return None
    return getattr(description.mapper.class_manager[name].impl, "collection_factory", list)()


def _sentence(error: Exception) -> str:
    return str(error) or "This value is not allowed."
