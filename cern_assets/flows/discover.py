"""Before the journey: which recids a source has."""

from collections.abc import Callable, Mapping

from cern_assets.collections.recid_lists import read_list
from cern_assets.collections.spec import Selection
from cern_assets.model.identifiers import Recid
from cern_assets.ports import EVERYTHING, RecordSource


def discover(source: RecordSource, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> tuple[Recid, ...]:
    """All recids that match, each once, in the source's order.

    The whole answer or an error: a failed page is not the end of the list.

    Raises:
        SourceUnavailableError, ConfigurationError: see `RecordSource.search`.
    """
    return tuple(dict.fromkeys(summary.recid for summary in source.search(query, facets)))


def selected(source: RecordSource, selection: Selection, parse: Callable[[str], Recid]) -> tuple[Recid, ...]:
    """The recids that a collection says it has, each once: its list, its file, its query.

    Raises:
        RecordNotFoundError: one can be no recid of the source.
        ConfigurationError: the file cannot be read.
        SourceUnavailableError: see `discover`.
    """
    recids = [parse(str(text)) for text in selection.recids]
    if selection.file is not None:
        recids += read_list(selection.file, parse)
    if selection.query is not None or selection.facets or selection.all:
        recids += discover(source, selection.query or "", selection.facets)
    return tuple(dict.fromkeys(recids))
