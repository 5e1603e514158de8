"""Lists of records: search, filters, sorts, pages and counts, without any HTTP."""

from admin_site.listing.conditions import Condition, Control, Filter
from admin_site.listing.counting import Count, count
from admin_site.listing.defaults import LABEL
from admin_site.listing.filters import filters_of
from admin_site.listing.listings import Listing, Scope
from admin_site.listing.lookups import labels_of, lookup, named
from admin_site.listing.pages import Page, fetch
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import matching

__all__ = [
    "LABEL",
    "Condition",
    "Control",
    "Count",
    "Filter",
    "ListQuery",
    "Listing",
    "Page",
    "Scope",
    "count",
    "fetch",
    "filters_of",
    "labels_of",
    "lookup",
    "matching",
    "named",
]
