"""A portal's OAI-PMH: which records were touched since a time.

Protocol: https://www.openarchives.org/OAI/openarchivesprotocol.html. Portals of the first Invenio 3 serve it at
`/oai2d`; their pages are small (the default is ten headers) and a resumption token lives a minute: it is for what
changed, and takes long for all.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cern_assets.errors import PermanentError, RecordNotFoundError, SourceUnavailableError
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import RecordSummary
from cern_assets.sources.portal_requests import PortalRequests

_PATH = "/oai2d"
_SPACE = "{http://www.openarchives.org/OAI/2.0/}"
_MOST_PAGES = 20_000
"""A server whose tokens lead in a circle would keep us for ever."""


def touched(
    requests: PortalRequests, since: datetime | None, prefix: str, parse_recid: Callable[[str], Recid]
) -> Iterator[RecordSummary]:
    """Records whose datestamp is not before `since`, those that are deleted too; see `RecordSource.touched`.

    `prefix` begins the OAI identifiers of records; what has another one is none.
    """
    params = {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"}
    if since is not None:
        params["from"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for _ in range(_MOST_PAGES):
        answer = _answer(requests, params)
        for header in answer.iterfind(f"{_SPACE}ListIdentifiers/{_SPACE}header"):
            summary = _read_header(header, prefix, parse_recid)
            if summary is not None:
                yield summary
        token = answer.findtext(f"{_SPACE}ListIdentifiers/{_SPACE}resumptionToken")
        if not token:
            return
        params = {"verb": "ListIdentifiers", "resumptionToken": token}
    raise _unusable(requests, "its list of identifiers does not end")


def _answer(requests: PortalRequests, params: dict[str, str]) -> Element:
    try:
        response = requests.get(_PATH, params=params)
        root: Element = fromstring(response.content)
    except PermanentError as error:
        raise _unusable(requests, error.message.rstrip(".")) from error
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _unusable(requests, f"its answer is no XML: {error}") from error
    refusal = root.find(f"{_SPACE}error")
    if refusal is not None and refusal.get("code") != "noRecordsMatch":
        raise _unusable(requests, f"it says {refusal.get('code')}: {(refusal.text or '')[:200]}")
    if root.tag != f"{_SPACE}OAI-PMH":
        raise _unusable(requests, "its answer is none of OAI-PMH")
    return root


def _read_header(header: Element, prefix: str, parse_recid: Callable[[str], Recid]) -> RecordSummary | None:
    identifier = header.findtext(f"{_SPACE}identifier") or ""
    if not identifier.startswith(prefix):
        return None
    try:
        recid = parse_recid(identifier.removeprefix(prefix))
    except RecordNotFoundError:
        return None
    return RecordSummary(recid=recid, updated=header.findtext(f"{_SPACE}datestamp"))


def _unusable(requests: PortalRequests, reason: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"OAI-PMH of {requests.portal.title} cannot be used: {reason}.",
        uri=f"{requests.base_url}{_PATH}",
        remedy="What changed is found by the next full listing.",
    )
