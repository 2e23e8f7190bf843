"""Python's search for garbage, where many records are converted one after the other.

A record and its deposit are freed as soon as nobody refers to them. The search, for what refers to itself in a circle,
finds next to nothing here, and starts after each 700 objects that stay: it goes through all that the crosswalk
remembers of records again and again.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 50_000
"""Objects that stay, of which the next search is of these alone: some ten megabytes, if all of them were garbage."""


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Search after so many objects, in the whole process, as long as this is open.

    For processes that convert and do nothing else: where bytes are moved, a buffer in a circle has to go soon.
    """
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
