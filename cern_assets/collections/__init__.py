"""Collections as people write them: a YAML file each, checked with file, line and field.

Pure but for reading files: which sources and targets there are is the wiring's knowledge, and what Dagster makes of a
collection that of `defs`.
"""
