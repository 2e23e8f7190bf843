"""Dates as InvenioRDM takes them: EDTF level 0 (https://www.loc.gov/standards/datetime/), without open intervals.

By hand, as the library `edtf` takes four milliseconds for a date, and takes the 29th of February of any year; a test
holds what passes here to what passes there.
"""

import re
from datetime import date, datetime

_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}(?::\d{2})?)?", re.ASCII)


def is_edtf_date(text: str) -> bool:
    """Say whether the text is a year, month or day that exists, or an interval `from/to` of two of them in order."""
    start, slash, end = text.partition("/")
    if not slash:
        return _is_calendar_date(text)
    return _is_calendar_date(start) and _is_calendar_date(end) and _last_day(end) >= _first_day(start)


def is_edtf_date_or_time(text: str) -> bool:
    """Say the same, or that it is one moment `YYYY-MM-DDThh:mm:ss` with or without its offset."""
    if not _DATE_TIME.fullmatch(text):
        return is_edtf_date(text)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_calendar_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(_first_day(text))
    except ValueError:
        return False
    return True


def _first_day(text: str) -> str:
    return text + "-01" * (2 - text.count("-"))


def _last_day(text: str) -> str:
    """Good for comparing only: `99` sorts after every month and day."""
    return text + "-99" * (2 - text.count("-"))
