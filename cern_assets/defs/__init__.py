"""Dagster's view of the flows: thin assets, one factory for all sources.

The only package (with `definitions.py`) that imports dagster. Here belong partitions, the asset factory, resources, the
IO manager, jobs, and the launching of ranges; no knowledge of any source, store or repository. Annotations are not
postponed in this package, as Dagster reads them at run time.
"""
