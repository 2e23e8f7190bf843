"""Frozen, typed values: what crosses the boundaries between packages.

Here belong values without behaviour beyond reading themselves: identifiers, checksums, source records, manifests,
deposits, plans, receipts, outcomes. Nothing here opens a file or a connection. Add a module when a new kind of value
has to cross a boundary; put a function that decides something into the package that decides.
"""
