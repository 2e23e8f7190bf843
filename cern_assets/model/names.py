"""Names that come from records: hostile until checked here."""

import re
import unicodedata

from cern_assets.errors import UnsafeNameError

_LONGEST_BYTES = 900
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*", re.ASCII)
"""What nearly all names look like, and no danger does."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def safe_key(name: str) -> str:
    """Give back a file key (`a.root`, `sub/a.root`) if it is safe as a relative path everywhere, unchanged.

    Refused are: empty names, absolute paths, `.` and `..` segments, empty segments, backslashes, control and other
    invisible characters, lone surrogates, and names over 900 bytes in UTF-8 (S3 and POSIX allow about 1,000).

    Raises:
        UnsafeNameError: with the name shown escaped.
    """
    reason = _danger(name)
    if reason:
        raise UnsafeNameError(
            f"The file name {name[:120]!r} {reason}.",
            field="files[].key",
            remedy="Ask the source's curators to rename the file.",
        )
    return name


def _danger(name: str) -> str | None:
    if len(name) <= _LONGEST_BYTES and _PLAIN.fullmatch(name):
        return None
    dangers = {
        "is empty": not name.strip(),
        "is an absolute path": name.startswith("/"),
        "has a backslash": "\\" in name,
        "has an empty, '.' or '..' segment": any(segment in ("", ".", "..") for segment in name.split("/")),
        "has a control or invisible character": any(unicodedata.category(letter) in _INVISIBLE for letter in name),
        f"is longer than {_LONGEST_BYTES} bytes": len(name.encode("utf-8", "surrogatepass")) > _LONGEST_BYTES,
    }
    return next((danger for danger, present in dangers.items() if present), None)
