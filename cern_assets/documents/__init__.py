"""Small state on a store, over its port: the results of stages, the journal of what is under way, and where they lie.

Here belongs what is kept by (collection, stage, recid) and is read back by us alone. A document is a result; what is
under way stands in the journal. Bytes of records belong to `transfers`.
"""
