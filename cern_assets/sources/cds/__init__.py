"""CERN Document Server: MARC 21 records and legacy dumps of them with their files and their history.

`parts.py` is all that the rest of the package is given. What a record may look like is said in `parse.py`, what becomes
of each of its fields in `crosswalk.py`.
"""
