"""What the files of a record are called, once they have left EOS."""

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable


def file_keys(paths: Collection[str]) -> dict[str, str]:
    """Give each path of a record a key, unique in the record and the same at each call.

    Paths are like `eos/opendata/a/b.root`, and all different. A key is the file's name, as on the portal. Files that
    share a name (ALICE calls every one `AO2D.root`) are told apart by their path below the deepest folder that holds
    all files of the record. If a name then equals another file's folder, all files of the record get their path, so
    that the keys fit into one tree.
    """
    named_alike = Counter(posixpath.basename(path) for path in paths)
    folder = _common_folder(paths)
    below = {path: path.removeprefix(folder) for path in paths}
    keys = {path: name if named_alike[name := posixpath.basename(path)] == 1 else below[path] for path in paths}
    return below if keys_that_are_folders(keys.values()) else keys


def keys_that_are_folders(keys: Iterable[str]) -> frozenset[str]:
    """Find the keys that are at the same time a folder of another key, so that no file system could hold both."""
    keys = frozenset(keys)
    return frozenset(folder for key in keys for folder in _folders(key) if folder in keys)


def _folders(key: str) -> Iterable[str]:
    end = key.find("/")
    while end != -1:
        yield key[:end]
        end = key.find("/", end + 1)


def _common_folder(paths: Collection[str]) -> str:
    folders = {posixpath.dirname(path) for path in paths}
    return posixpath.commonpath(folders) + "/" if folders else ""
