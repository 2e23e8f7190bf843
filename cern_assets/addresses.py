"""How an address is shown and stored: without who logs in, and without values of its query that may be secrets.

`shown` is the one function for it. Errors pass what they say through it, events what is noted, adapters what they
answer; whoever shows an address by other ways does the same. Of a query only values are kept that are known to be
harmless: names of secrets (`authz`, `access_token`, `X-Amz-Signature`, ...) are more than anybody could list.
"""

import re

REMOVED = "(removed)"

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s\"'<>\\`|]+)")
_LOGIN = re.compile(r"^[^/?#]*@")
_PAIR = re.compile(r"(?P<name>[^=&;?#]*=)?(?P<value>[^&;?#]+)")
_TRAILING = re.compile(r"[.,:)\]}]+$")
_HARMLESS = frozenset(
    # of the portal and of InvenioRDM
    {"q", "page", "size", "sort", "ln", "recid", "type", "expand", "allversions"}
    # of XRootD
    | {"cks.type", "oss.asize"}
)


def shown(text: str) -> str:
    """The text with each address in it as it may be shown; anything else stays as it is."""
    return _ADDRESS.sub(_shown, text) if "://" in text else text


def complaint(address: str) -> str:
    """Why an address is not to be configured, "" where nothing speaks against it.

    A secret has a setting of its own, or a file that the client reads by itself, and belongs in no address. XRootD's
    `root://name@host` says as whom one logs in, and is no secret; its protocols take no password from an address.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or scheme == "file":
        return ""
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, _ = place.rpartition("@")
    named_only = scheme in ("root", "roots") and ":" not in login
    if (at and not named_only) or (not at and "@" in rest.partition("?")[0] and ":" in place):
        return "it has a name or password in it, which belong in a setting of their own"
    if "?" in rest or "#" in rest:
        return "it has a query or a fragment, which may hold secrets and mean nothing here"
    return ""


def plain(address: str) -> str:
    """The address, if it may be configured; for pydantic's validators.

    Raises:
        ValueError: there is a complaint; the text does not repeat the address.
    """
    if said := complaint(address):
        raise ValueError(said)
    return address


def _shown(found: re.Match[str]) -> str:
    rest = _LOGIN.sub(f"{REMOVED}@", found["rest"])
    path, mark, query = _at_first_of(rest, "?#")
    return f"{found['scheme']}{path}{mark}{_PAIR.sub(_shown_pair, query)}"


def _shown_pair(found: re.Match[str]) -> str:
    name = found["name"] or ""
    if name.rstrip("=") in _HARMLESS or found["value"].startswith(REMOVED) or found[0] == "amp":  # of HTML's &amp;
        return found[0]
    end = _TRAILING.search(found["value"])
    return f"{name}{REMOVED}{end[0] if end else ''}"


def _at_first_of(text: str, marks: str) -> tuple[str, str, str]:
    place = min((text.find(mark) for mark in marks if mark in text), default=len(text))
    return text[:place], text[place : place + 1], text[place + 1 :]
