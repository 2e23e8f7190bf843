"""Before the journey: which recids a source has."""

from cern_assets.model.identifiers import Recid
from cern_assets.ports import RecordSource


def discover(source: RecordSource, query: str = "") -> tuple[Recid, ...]:
    """All recids that match, each once, in the source's order.

    The whole answer or an error: a failed page is not the end of the list.

    Raises:
        SourceUnavailableError, ConfigurationError: see `RecordSource.search`.
    """
    return tuple(dict.fromkeys(summary.recid for summary in source.search(query)))
