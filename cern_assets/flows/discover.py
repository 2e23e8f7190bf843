"""Before the journey: which recids a source has."""

from collections.abc import Callable, Mapping

from cern_assets.collections.spec import Selection
from cern_assets.flows.discovery.listing import named_recids, searched
from cern_assets.model.identifiers import Recid
from cern_assets.ports import EVERYTHING, RecordSource


def discover(source: RecordSource, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> tuple[Recid, ...]:
    """All recids that match, each once, in the source's order, slice by slice where they are many.

    The whole answer or an error: a failed page is not the end of the list.

    Raises:
        SourceUnavailableError, ConfigurationError: see `RecordSource.plan` and `RecordSource.search`.
    """
    slices = source.plan(query, facets).slices
    return tuple(dict.fromkeys(record.recid for each in slices for record in source.search(query, each.facets).records))


def selected(source: RecordSource, selection: Selection, parse: Callable[[str], Recid]) -> tuple[Recid, ...]:
    """The recids that a collection says it has, each once: its list, its file, its query.

    Raises:
        RecordNotFoundError: one can be no recid of the source.
        ConfigurationError: the file cannot be read.
        SourceUnavailableError: see `discover`.
    """
    recids = list(named_recids(selection, parse))
    if searched(selection):
        recids += discover(source, selection.query or "", selection.facets)
    return tuple(dict.fromkeys(recids))
