"""The facts of a description."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Column
from sqlalchemy.orm import Mapper
from sqlalchemy.types import NULLTYPE, TypeEngine

from admin_site.descriptions import labels
from admin_site.descriptions.patterns import Pattern
from admin_site.descriptions.rules import Rule, Unique


class Kind(StrEnum):
    """What sort of value a field holds, which decides how it is shown, typed and compared."""

    TEXT = auto()
    LONG_TEXT = auto()
    INTEGER = auto()
    DECIMAL = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    DATE = auto()
    TIME = auto()
    DATETIME = auto()  # without a time zone
    INSTANT = auto()  # a datetime with a time zone
    INTERVAL = auto()
    CHOICE = auto()
    UUID = auto()
    JSON = auto()
    ARRAY = auto()
    BINARY = auto()
    MAPPING = auto()  # texts by name: PostgreSQL's HSTORE
    LITERAL = auto()  # typed in the database's own text form: addresses, ranges, bits, money
    OPAQUE = auto()  # shown by str(), never typed


class _NoDefault(Enum):
    NO_DEFAULT = "no default"

    def __repr__(self) -> str:
        return self.name


NO_DEFAULT: Final = _NoDefault.NO_DEFAULT


@dataclass(frozen=True)
class Choice:
    """One value of a CHOICE: `text` is the database's, which a form posts; `label` is for people."""

    text: str
    label: str
    value: Any


@dataclass(frozen=True, eq=False)
class Field:
    """One attribute that holds a value; see Kind for what sort.

    `column` is None where no single column stands behind it: hybrids, proxies, composites, expressions.
    `column_type` is SQLAlchemy's, without the TypeDecorators around it; `is_decorated` says that there
    were any.
    """

    name: str
    label: str
    kind: Kind
    column: Column[Any] | None = None
    column_type: TypeEngine[Any] = NULLTYPE
    is_decorated: bool = False
    converts: bool = False  # what is stored differs from what the attribute holds
    nullable: bool = True
    required: bool = False  # a new record needs a value from a person
    length: int | None = None
    precision: int | None = None  # digits in all; of a time: digits of a second
    scale: int | None = None  # digits after the point
    choices: tuple[Choice, ...] = ()
    item: "Field | None" = None  # what an ARRAY is made of
    dimensions: int | None = None
    unique: bool = False
    primary_key: bool = False
    secret: bool = False
    is_personal: bool = False  # a file of it takes the password once more
    generated: bool = False  # the database or the mapper fills it when it is left out
    default: Any = NO_DEFAULT  # a plain value to begin a form with
    read_only: str = ""  # why nobody may type it
    fixed: str = ""  # why it is set on create only
    minimum: Any = None
    maximum: Any = None
    min_length: int | None = None
    patterns: tuple[Pattern, ...] = ()  # what a text has to look like
    notes: tuple[str, ...] = ()  # sentences for whoever types a value: rules that nothing else here tells
    deferred: bool = False  # not loaded with the record
    searchable: bool = False
    sortable: bool = False
    target: type | None = None  # what this foreign key refers to, where no relation says so
    target_field: str = ""
    help: str = ""


@dataclass(frozen=True, eq=False)
class Relation:
    """One attribute that holds other records."""

    name: str
    label: str
    target: type
    many: bool
    direction: str  # "many_to_one", "one_to_many" or "many_to_many"
    collection: str = ""  # "list", "set", "dict", "dynamic", "write_only"; "" when not many
    columns: tuple[str, ...] = ()  # the fields that a many-to-one stands for
    required: bool = False
    owned: bool = False  # members are deleted with the record
    read_only: str = ""
    reverse: str = ""  # the relation of the target that mirrors this one
    tree: bool = False  # it leads to the record above, and no record may lie above itself


@dataclass(frozen=True, eq=False)
class Description:
    """One mapped class."""

    model: type
    mapper: Mapper[Any]
    identity: str  # SQLAdmin's name for it in addresses: "user-type"
    name: str
    name_plural: str
    subject: str
    table: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...]  # of CHECK constraints
    uniques: tuple[Unique, ...]
    label_fields: tuple[str, ...]
    other_label_fields: tuple[tuple[str, ...], ...]  # what names a record that holds nothing in those
    key_is_generated: bool
    abstract_reason: str  # why no record can be added; "" when one can
    read_only: str = ""  # why no record can be added, changed or deleted

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def _relations(self) -> dict[str, Relation]:
        return {relation.name: relation for relation in self.relations}

    def field(self, name: str) -> Field:
        """Return a field by its attribute name (raises KeyError)."""
        return self._fields[name]

    def relation(self, name: str) -> Relation:
        """Return a relation by its attribute name (raises KeyError)."""
        return self._relations[name]

    def has(self, name: str) -> bool:
        return name in self._fields or name in self._relations

    def key_of(self, record: object) -> tuple[Any, ...]:
        return tuple(getattr(record, name) for name in self.key)

    def label_of(self, record: object) -> str:
        """Return what people call the record; never empty, and never an error."""
        return labels.label_of(self, record)
