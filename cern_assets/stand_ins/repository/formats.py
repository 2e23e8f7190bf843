"""The forms of single values that InvenioRDM checks: dates, URLs, DOIs, ORCIDs."""

import re
from datetime import date

_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_TIME = re.compile(r"T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?$", re.ASCII)
_DOI = re.compile(r"(doi:)?10\.\d+(\.\d+)*/\S+", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"(https?|ftp)://[^\s/?#]*[^\s/?#.]\.[A-Za-z]{2,}(:\d+)?([/?#]\S*)?|https?://localhost(:\d+)?(/\S*)?")
_ORCID = re.compile(r"(https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)


def is_edtf(text: object, *, with_time: bool = False) -> bool:
    """Whether a text is a date, or an interval of dates in order; open ends are none of EDTF's level 0."""
    if not isinstance(text, str) or text.count("/") > 1:
        return False
    ends = [_TIME.sub("", end) if with_time else end for end in text.split("/")]
    return all(is_date(end) for end in ends) and _pad(ends[0], "-01-01") <= _pad(ends[-1], "-12-31")


def is_date(text: str) -> bool:
    """Whether a text is a year, a month or a day that the calendar has."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(_pad(text, "-01-01"))
    except ValueError:
        return False
    return True


def is_url(text: object) -> bool:
    """Whether a text is a URL with a host that can be a public one."""
    return isinstance(text, str) and _URL.fullmatch(text) is not None


def is_doi(text: object) -> bool:
    """Whether a text is a DOI."""
    return isinstance(text, str) and _DOI.fullmatch(text) is not None


def is_orcid(text: object) -> bool:
    """Whether a text is an ORCID with a right check digit (ISO 7064, MOD 11-2)."""
    found = _ORCID.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return False
    digits = found[2].replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    return digits[-1] == ("X" if expected == 10 else str(expected))


def _pad(text: str, end: str) -> str:
    return text + end[len(text) - 4 :]
