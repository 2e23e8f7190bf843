"""Content for the files of the sample collection: made when asked for, the same every time and everywhere."""

import hashlib
import posixpath

_ROWS = (".csv",)
_LINES = (".json", ".md", ".py", ".txt")


def sample_bytes(path: str, size_bytes: int) -> bytes:
    """Make the content of a file, which depends on its path and size only.

    Tables and texts are readable; anything else is bytes that do not compress, as physics data hardly does.
    """
    ending = posixpath.splitext(path)[1]
    if ending in _ROWS:
        return _table(path, size_bytes)
    if ending in _LINES:
        return _text(path, size_bytes)
    # SHAKE-256 gives as many bytes as are wanted, and by its standard the same ones everywhere.
    return hashlib.shake_256(path.encode()).digest(size_bytes)


def _table(path: str, size_bytes: int) -> bytes:
    """Rows of a made-up measurement, cut to the size."""
    head = "run,event,energy_mev,charge\n"
    draws = hashlib.shake_256(path.encode()).digest(
        size_bytes // 2 + 3
    )  # three a row, and no row is shorter than eight bytes
    rows = (
        f"{draws[0]},{number},{first * 256 + second},{third % 3 - 1}\n"
        for number, (first, second, third) in enumerate(
            zip(draws[::3], draws[1::3], draws[2::3], strict=False), start=1
        )
    )
    return (head + "".join(rows)).encode()[:size_bytes]


def _text(path: str, size_bytes: int) -> bytes:
    """Lines that are comments in Python and in Markdown no harm, cut to the size."""
    line = "# {number:06d} Made-up content of {name} in the sample collection.\n"
    name = posixpath.basename(path)
    text = "".join(line.format(number=number, name=name) for number in range(1, size_bytes // 50 + 2))
    return text.encode()[:size_bytes]
