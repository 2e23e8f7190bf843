"""How right the crosswalks are, measured on records that others have migrated: `make ground-truth`.

`marc` is a crosswalk of CERN Open Data's own MARC of 2017, of which the portal made today's records; `facts` cuts a
deposit into facts that can be counted; `scores` compares two deposits of one record, and names each difference;
`zenodo` does so with a record of Zenodo and what another migrator expects of it; `page` writes all of it down.
"""
