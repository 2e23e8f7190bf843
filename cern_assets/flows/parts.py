"""The parts that a collection's journey needs, and how each is asked whether it answers."""

from collections.abc import Callable, Iterator
from functools import partial

from cern_assets.flows.probe import try_writing
from cern_assets.flows.stages import Context

type Ping = Callable[[], str]
"""What a part says of itself; raises an error of the package where it cannot be used."""


def pings(context: Context) -> Iterator[tuple[str, str, Ping]]:
    """Each part's kind, its name among those of its kind ("" where there is one only), and its question."""
    ports, collection = context.adapters, context.collection
    yield "source", collection.source, ports.source.ping
    yield "files", collection.source, ports.files.ping
    yield "store", "", partial(try_writing, ports.store)
    yield "repository", collection.target, ports.repository.ping
    yield "telemetry", "", ports.telemetry.ping
