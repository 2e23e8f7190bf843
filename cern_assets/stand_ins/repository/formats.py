"""The forms of single values, checked by the libraries that InvenioRDM checks them with."""

from datetime import date
from functools import lru_cache
from time import struct_time

import idutils
from edtf import Date, DateAndTime, EDTFParseException, Interval, Level1Interval, parse_edtf


def is_edtf(text: object, *, with_time: bool = False) -> bool:
    """Whether a text is a date, or an interval of dates in order, as `marshmallow_utils` decides it for InvenioRDM.

    Of intervals that are open with `..`, on which InvenioRDM 14 fails (500), this says no.
    """
    return isinstance(text, str) and _is_edtf(text, with_time=with_time)


@lru_cache(4096)  # a date takes the library milliseconds, and most records share theirs
def _is_edtf(text: str, *, with_time: bool) -> bool:
    try:
        parsed = parse_edtf(text)
    except EDTFParseException:
        return False
    kinds = (Date, Interval, Level1Interval, DateAndTime) if with_time else (Date, Interval, Level1Interval)
    ends = (parsed.lower_strict(), parsed.upper_strict())
    return type(parsed) in kinds and all(map(_is_day, ends)) and bool(ends[0] <= ends[1])


def _is_day(moment: object) -> bool:
    """Whether the calendar has this day: the library takes the 29th of February of any year."""
    if not isinstance(moment, struct_time):
        return False
    try:
        date(*moment[:3])
    except ValueError:
        return False
    return True


def is_url(text: object) -> bool:
    """Whether a text is a URL."""
    try:
        return isinstance(text, str) and bool(idutils.is_url(text))
    except ValueError:  # of `urlparse`
        return False


def is_doi(text: object) -> bool:
    """Whether a text is a DOI."""
    return isinstance(text, str) and bool(idutils.is_doi(text))


def is_orcid(text: object) -> bool:
    """Whether a text is an ORCID with a right check digit."""
    return isinstance(text, str) and bool(idutils.is_orcid(text))
