"""Names that are fine on one system and no name, or another's, on the next: told before an archive is made."""

import unicodedata
from collections.abc import Iterator, Sequence

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_FORBIDDEN = frozenset('<>:"|?*')


def clash_ranks(names: Sequence[str]) -> list[int]:
    """For each name how many before it take the same place where capitals and forms of accents do not count.

    A file also clashes with a folder of that name. Names of one rank can be extracted together on any system.
    """
    files: dict[str, set[int]] = {}
    folders: dict[str, set[int]] = {}
    lowest: dict[str, int] = {}  # all ranks below it are taken by files of this name: thousands may share one
    ranks = []
    for name in names:
        folded = _folded(name)
        parents = [_folded(parent) for parent in _parents(name)]
        rank = max(lowest.get(place, 0) for place in (folded, *parents))
        while (
            rank in files.get(folded, ())
            or rank in folders.get(folded, ())
            or any(rank in files.get(parent, ()) for parent in parents)
        ):
            rank += 1
        files.setdefault(folded, set()).add(rank)
        while lowest.get(folded, 0) in files[folded]:
            lowest[folded] = lowest.get(folded, 0) + 1
        for parent in parents:
            folders.setdefault(parent, set()).add(rank)
        ranks.append(rank)
    return ranks


def unusual_names(names: Sequence[str]) -> Iterator[str]:
    """In words, which names Windows cannot make, with the first of them."""
    impossible = [name for name in names if any(map(_is_impossible, name.split("/")))]
    if impossible:
        yield f"{len(impossible)} names cannot be made on Windows (first: {impossible[0]})"


def _is_impossible(segment: str) -> bool:
    reserved = segment.partition(".")[0].rstrip().casefold() in _RESERVED
    return reserved or segment.endswith((".", " ")) or not _FORBIDDEN.isdisjoint(segment)


def _parents(name: str) -> Iterator[str]:
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
