"""The part of the portal's OAI-PMH that our client uses: lists of identifiers, page by page.

As on the portal, a page has ten headers and a resumption token lives a minute (Invenio's defaults).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

PAGE = 10
TOKEN_SECONDS = 60.0
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class _RefusedError(Exception):
    """An answer of OAI-PMH that is an error: its code, then its text."""


def oai_answer(params: Mapping[str, str], stamps: Mapping[str, datetime]) -> str:
    """Answer a request over records' datestamps by recid, all of the time zone UTC."""
    try:
        return _document(_list_identifiers(params, stamps))
    except _RefusedError as error:
        code, text = error.args
        return _document(f'<error code="{code}">{escape(text)}</error>')


def _list_identifiers(params: Mapping[str, str], stamps: Mapping[str, datetime]) -> str:
    if params.get("verb") != "ListIdentifiers":
        raise _RefusedError("badVerb", "This verb is not answered here.")
    since, first = _place(params)
    found = sorted((stamp.strftime(_STAMP), recid) for recid, stamp in stamps.items())
    found = [(stamp, recid) for stamp, recid in found if stamp >= since]
    if not found:
        raise _RefusedError("noRecordsMatch", "")
    headers = "".join(
        f"<header><identifier>oai:cernopendata.cern:{escape(recid)}</identifier><datestamp>{stamp}</datestamp></header>"
        for stamp, recid in found[first : first + PAGE]
    )
    more = first + PAGE < len(found)
    token = f"{since}|{first + PAGE}|{time.time()}" if more else ""
    resumption = f"<resumptionToken>{token}</resumptionToken>" if more or first else ""
    return f"<ListIdentifiers>{headers}{resumption}</ListIdentifiers>"


def _place(params: Mapping[str, str]) -> tuple[str, int]:
    """From which datestamp on, and which of those comes first."""
    if "resumptionToken" not in params:
        if "metadataPrefix" not in params:
            raise _RefusedError("badArgument", "metadataPrefix is needed.")
        return params.get("from", ""), 0
    try:
        since, first, made = params["resumptionToken"].split("|")
        place, alive = (since, int(first)), time.time() < float(made) + TOKEN_SECONDS
    except ValueError as error:
        raise _RefusedError("badResumptionToken", "This token is none.") from error
    if not alive:
        raise _RefusedError("badResumptionToken", "This token has expired.")
    return place


def _document(inner: str) -> str:
    now = datetime.now(UTC).strftime(_STAMP)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{now}</responseDate>{inner}</OAI-PMH>"
    )
