"""How the tests are spread over processes: a file at a time, and all files that need a real InvenioRDM in one process.

Each process has services of its own. Most start in a second; InvenioRDM takes a minute of both processors and gigabytes
of memory, so that one of it has to do.
"""

import functools
import re
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_ROOT = Path(__file__).parents[2]
_NEEDS_INVENIO = re.compile(r'\binvenio: RunningRepository|"invenio"')


class SpreadScheduling(LoadScopeScheduling):  # type: ignore[misc]  # a base without types
    """Hands out the tests of one scope together, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "a real InvenioRDM" if needs_invenio(_ROOT / file) else file


@functools.cache
def needs_invenio(file: Path) -> bool:
    """Whether tests of this file ask for the fixture `invenio`, by name or as a parameter."""
    return _NEEDS_INVENIO.search(file.read_text(encoding="utf-8")) is not None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SpreadScheduling:
    """xdist's hook: called where the tests run in several processes."""
    return SpreadScheduling(config, log)
