"""Identifiers of people, organisations and objects: their shape and their check digits. Nothing is looked up."""

import re
from urllib.parse import urlsplit

import idutils

_LONGEST_PID = 255
_LONGEST_URL = 8_000
_BLANK = re.compile(r"[\s\x00-\x1f]")
_DOI_PREFIX = re.compile(r"(?:doi:\s*|(?:https?://)?(?:dx\.)?doi\.org/)", re.IGNORECASE)
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", re.ASCII)
_ORCID_PREFIX = re.compile(r"(?:orcid:\s*|(?:https?://)?(?:www\.)?orcid\.org/)", re.IGNORECASE)
_ROR = re.compile(r"0[a-hj-km-np-tv-z0-9]{6}\d{2}", re.ASCII)
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:[/?#][A-Za-z0-9_=&+%~./?#-]*)?")
"""An address without anything odd, as most are."""
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def bare_doi(text: str) -> str:
    """Take `doi:` or a resolver's address off a DOI, capitals kept; not checked."""
    return _DOI_PREFIX.sub("", text.strip(), count=1)


def is_doi(text: str) -> bool:
    """Say whether the text is a bare DOI: `10.`, a registrant's number, a slash, a suffix without blanks.

    InvenioRDM keeps persistent identifiers in columns of 255 characters, and fails over longer ones.
    """
    return (
        len(text) <= _LONGEST_PID
        and text.startswith("10.")
        and _BLANK.search(text) is None
        and bool(idutils.is_doi(text))
    )


def why_no_doi(text: str) -> str:
    """Say what is wrong with a text that `is_doi` refuses: it is none, or one that is too long to be kept."""
    if len(text) > _LONGEST_PID and is_doi(text[:_LONGEST_PID]):
        return f"This DOI has {len(text)} characters, and InvenioRDM keeps {_LONGEST_PID} at most"
    return "This is no DOI"


def bare_orcid(text: str) -> str:
    """Take `https://orcid.org/` off an ORCID iD and give it in capitals; not checked."""
    return _ORCID_PREFIX.sub("", text.strip(), count=1).upper()


def is_orcid(text: str) -> bool:
    """Say whether the text is a bare ORCID iD with the right check digit (ISO 7064 mod 11-2)."""
    return _ORCID.fullmatch(text) is not None and bool(idutils.is_orcid(text))


def is_ror(text: str) -> bool:
    """Say whether the text is a bare ROR id with the right check digits (Crockford base 32, ISO 7064 mod 97-10).

    `idutils` looks at the shape only.
    """
    if not _ROR.fullmatch(text):
        return False
    number = 0
    for letter in text[:-2]:
        number = number * 32 + _CROCKFORD.index(letter)
    return 98 - number * 100 % 97 == int(text[-2:])


def is_url(text: str) -> bool:
    """Say whether the text is an absolute http or https address, and no longer than OpenSearch can index."""
    if len(text) > _LONGEST_URL:
        return False
    if _PLAIN_URL.fullmatch(text):
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
