"""Recids: the partition keys of every asset."""

import hashlib
from typing import NewType

Recid = NewType("Recid", str)
"""A source's canonical record id as a string, never a number: `133`, `atlas-160006`."""


def hash_prefix(recid: Recid) -> str:
    """Two hex digits of the recid's SHA-256: what folders are split by, as one of a million entries is slow."""
    return hashlib.sha256(recid.encode()).hexdigest()[:2]
