"""Sources that are folders of exported records: what CDS, Zenodo and others give instead of an API.

`form.py` is what a system says of its records, `notes.py` finds one record among many without reading them all
again, and `source.py` is the `RecordSource` over both. A system adds its own `DumpForm` and nothing else.
"""
