"""Files made of rows: one encoder for each format, fed column by column, giving bytes as it goes."""

from admin_site.exporting.columns import Column, with_distinct_headers
from admin_site.exporting.encoders import Encoder
from admin_site.exporting.formats import FORMATS, Format, disposition, file_name
from admin_site.exporting.workbooks import MAX_CHARACTERS, MAX_ROWS

__all__ = [
    "FORMATS",
    "MAX_CHARACTERS",
    "MAX_ROWS",
    "Column",
    "Encoder",
    "Format",
    "disposition",
    "file_name",
    "with_distinct_headers",
]
