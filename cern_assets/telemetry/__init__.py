"""Telemetry: every outcome as a line in a spool of JSON lines, read by DuckDB through the views of `sql/`.

Here belong the spool, the reader and the loading of SQL; no flow logic and no presentation. A new question is a new
file in `sql/views/`, and nothing here. The only package that imports duckdb.
"""
