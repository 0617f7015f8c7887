"""Dates as people write them: one grammar that finds them, reads them and writes another day in the same form."""

from openbioner_batch.deid.dates.grammar import find_dates
from openbioner_batch.deid.dates.reading import ORDERS, DateMention, check_order
from openbioner_batch.deid.dates.remainder import is_understood, with_weekday
from openbioner_batch.deid.dates.written import Reading, WrittenDate

__all__ = [
    "ORDERS",
    "DateMention",
    "Reading",
    "WrittenDate",
    "check_order",
    "find_dates",
    "is_understood",
    "with_weekday",
]
