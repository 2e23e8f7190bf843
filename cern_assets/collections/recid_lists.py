"""Lists of recids in text files."""

from collections.abc import Callable, Iterator
from pathlib import Path

from cern_assets.errors import ConfigurationError, RecordNotFoundError
from cern_assets.model.identifiers import Recid


def read_list(path: Path, parse: Callable[[str], Recid]) -> Iterator[Recid]:
    """The recids of a list: one a line, with empty lines and comments after `#`.

    Raises:
        RecordNotFoundError: a line can be no recid of the source; its place is told.
        ConfigurationError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise ConfigurationError(
            f"The list of recids cannot be read: {error.strerror}.", uri=str(path), remedy="Correct its path."
        ) from error
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if text:
            try:
                yield parse(text)
            except RecordNotFoundError as error:
                error.uri = f"{path}:{number}"
                raise
