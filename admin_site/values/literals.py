"""The text forms that PostgreSQL itself prints."""

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql as pg

from admin_site.descriptions import Field
from admin_site.values import ranges

MAX_LENGTH = 10_000  # of anything but a bit string or a set of ranges a few dozen are enough
_MAX_MONEY = 100

_HEX_PAIR = re.compile(r"[0-9a-f]{2}")
_MONEY = re.compile(r"\(?-?\s*[^\d\s,.()-]{0,4}\s*-?[0-9][0-9.,'\u00a0\u202f ]*\s*[^\d\s,.()-]{0,4}\)?")


def read_literal(field: Field, text: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"Enter at most {MAX_LENGTH:,} characters.")
    for type_, read in _READERS:
        if isinstance(field.column_type, type_):
            return read(field, text.strip())
    return text


def write_literal(field: Field, value: Any) -> str:
    """Return the form that PostgreSQL prints, however the driver or a program wrote the value."""
    text = ranges.write_range(field, value) if isinstance(value, pg.Range | list | tuple) else str(value)
    try:
        read = read_literal(field, text)
    except ValueError:
        return text
    return ranges.write_range(field, read) if isinstance(read, pg.Range | list | tuple) else str(read)


def _inet(field: Field, text: str) -> str:
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        raise ValueError("Enter an IP address, such as 192.0.2.7 or 2001:db8::7.") from None
    _refuse_zone(text)
    is_host = address.network.prefixlen == address.max_prefixlen
    return str(address.ip if is_host else address)


def _cidr(field: Field, text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("Enter a network, such as 192.0.2.0/24.") from None
    _refuse_zone(text)
    return str(network)


def _refuse_zone(text: str) -> None:
    if "%" in text:
        raise ValueError("Leave out the zone after %.")


def _mac(field: Field, text: str) -> str:
    size = 8 if isinstance(field.column_type, pg.MACADDR8) else 6
    digits = re.sub(r"[:.-]", "", text.lower())
    pairs = _HEX_PAIR.findall(digits)
    if len(digits) != 2 * size or len(pairs) != size:
        example = ":".join(["08", "00", "2b", "01", "02", "03", "04", "05"][:size])
        raise ValueError(f"Enter a hardware address, such as {example}.")
    return ":".join(pairs)


def _bits(field: Field, text: str) -> pg.BitString:
    if not re.fullmatch("[01]*", text):
        raise ValueError("Enter noughts and ones, such as 0110.")
    column_type = field.column_type
    assert isinstance(column_type, pg.BIT)  # noqa: S101 - asked before
    length = column_type.length or (None if column_type.varying else 1)
    if length is not None and (len(text) > length if column_type.varying else len(text) != length):
        raise ValueError(
            f"Enter {'at most' if column_type.varying else 'exactly'} {length} noughts and ones."
        )
    return pg.BitString(text)


def _money(field: Field, text: str) -> str:
    if len(text) > _MAX_MONEY or not _MONEY.fullmatch(text):
        raise ValueError("Enter an amount, such as $12.50.")
    return text


def _number(field: Field, text: str) -> str:
    if not text:
        raise ValueError("Enter a value.")
    return text


_READERS: tuple[tuple[type[Any], Callable[[Field, str], Any]], ...] = (
    (pg.INET, _inet),
    (pg.CIDR, _cidr),
    (pg.MACADDR, _mac),
    (pg.MACADDR8, _mac),
    (pg.BIT, _bits),
    (pg.MONEY, _money),
    (pg.ranges.AbstractMultiRange, ranges.read_multirange),
    (pg.ranges.AbstractRange, ranges.read_range),
    (pg.REGCLASS, _number),
    (pg.REGCONFIG, _number),
    (pg.JSONPATH, _number),
)
