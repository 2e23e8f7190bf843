"""Legacy Zenodo: records, deposits and drafts of the time before Zenodo ran on InvenioRDM, from its REST API or a dump.

`parts.py` is all that the rest of the package is given. What a record may look like is said in `parse.py`, what becomes
of each of its fields in `crosswalk.py`.
"""
