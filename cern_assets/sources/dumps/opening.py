"""From the address of a dump to the source."""

import hashlib

from cern_assets.ports import RecordSource
from cern_assets.sources.dumps.form import DumpForm
from cern_assets.sources.dumps.source import DumpSource
from cern_assets.sources.parts import Patience


def opened_dump(form: DumpForm, url: str, patience: Patience) -> RecordSource:
    """The source of a dump: `url` is a folder, or one file by its ending.

    Raises:
        ConfigurationError: the address cannot be reached in a way that is known, or is a folder that is not there.
    """
    folder, _, last = url.rstrip("/").rpartition("/")
    file = last if last.endswith(form.suffixes) else None
    here = folder or ("/" if url.startswith("/") else ".")
    known = hashlib.sha256(url.encode()).hexdigest()[:16]
    return DumpSource(
        form, url, patience.place(here if file else url), patience.notes / f"{form.name}-{known}", file=file
    )
