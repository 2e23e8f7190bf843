"""Records and bytes from CERN systems into an InvenioRDM or NRP repository, as partitioned Dagster assets.

Read `flows/` first: it tells the journey of one recid in plain Python. `docs/architecture.md` says what the other
packages hold and who may import whom.
"""
