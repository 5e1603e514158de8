"""Lists of records: search, filters, sorts, pages and counts, without any HTTP."""

from admin_site.listing.conditions import Condition, Control, Filter
from admin_site.listing.counting import Count, count, exact, quick_count
from admin_site.listing.days import WORDS
from admin_site.listing.defaults import LABEL
from admin_site.listing.facets import Facet, facets
from admin_site.listing.filters import filters_of
from admin_site.listing.limits import limited
from admin_site.listing.listings import Listing, Scope
from admin_site.listing.lookups import Found, known, labels_of, lookup, named
from admin_site.listing.needs import Need, needs
from admin_site.listing.neighbours import neighbours, place
from admin_site.listing.pages import Page, fetch
from admin_site.listing.patterns import search_expression
from admin_site.listing.periods import Period, periods
from admin_site.listing.query import ListQuery
from admin_site.listing.search import keyed
from admin_site.listing.selecting import matching_keys
from admin_site.listing.statements import matching

__all__ = [
    "LABEL",
    "WORDS",
    "Condition",
    "Control",
    "Count",
    "Facet",
    "Filter",
    "Found",
    "ListQuery",
    "Listing",
    "Need",
    "Page",
    "Period",
    "Scope",
    "count",
    "exact",
    "facets",
    "fetch",
    "filters_of",
    "keyed",
    "known",
    "labels_of",
    "limited",
    "lookup",
    "matching",
    "matching_keys",
    "named",
    "needs",
    "neighbours",
    "periods",
    "place",
    "quick_count",
    "search_expression",
]
