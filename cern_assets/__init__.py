"""Records and bytes from CERN systems into an InvenioRDM or NRP repository, as partitioned Dagster assets.

Read `flows/` first: it tells the journey of one recid in plain Python. `docs/architecture.md` says what the other
packages hold and who may import whom. Dagster finds the component `RecordCollection` here.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cern_assets.defs.collection import RecordCollection

__all__ = ["RecordCollection"]


def __getattr__(name: str) -> object:
    """The component, imported when it is asked for: Dagster is a second that most commands can do without."""
    if name == "RecordCollection":
        from cern_assets.defs.collection import RecordCollection  # noqa: PLC0415  see above

        return RecordCollection
    raise AttributeError(name)


def __dir__() -> list[str]:
    """The names that Dagster looks through."""
    return [*globals(), *__all__]
