"""Dates as CDS's records write them: `06 Sep 2013`, `c2005`, `[1998]`, `May 1999`, `2013-2014`, week `201336`."""

import re
from datetime import date

from cern_assets.metadata.dates import is_edtf_date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(r"(?:(?P<day>\d{1,2})\.?\s+)?(?P<month>[A-Za-z]{3,9})\.?,?\s+(?P<year>\d{4})", re.ASCII)
_YEARS = re.compile(r"(\d{4})\s*[-\u2013/]\s*(\d{4})", re.ASCII)
_ABOUT = re.compile(r"[\[(]?(?:c|ca\.?|cop\.?|\u00a9)?\s*(\d{4})\s*[\])]?\??", re.ASCII | re.IGNORECASE)
_WEEK = re.compile(r"(\d{4})(\d{2})", re.ASCII)


def read_date(text: str) -> str:
    """A date of EDTF level 0, as exact as the text is; "" where it can be none.

    `3/4/2005` is none: nobody can say which is the month.
    """
    text = text.strip().rstrip(".")
    if is_edtf_date(text):
        return text
    if match := _DAY.fullmatch(text):
        month = next((at for at, name in enumerate(_MONTHS, start=1) if match["month"].lower().startswith(name)), 0)
        day = f"-{int(match['day']):02}" if match["day"] else ""
        found = f"{match['year']}-{month:02}{day}" if month else ""
        return found if is_edtf_date(found) else ""
    if match := _YEARS.fullmatch(text):
        found = f"{match[1]}/{match[2]}"
        return found if is_edtf_date(found) else ""
    match = _ABOUT.fullmatch(text)
    return match[1] if match and is_edtf_date(match[1]) else ""


def read_week(text: str) -> str:
    """The first day of a week that CDS's catalogue names (`YYYYWW`); "" where it can be none, or has not come yet."""
    match = _WEEK.fullmatch(text.strip())
    try:
        day = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return ""
    return day.isoformat() if day else ""
