"""The stories, in plain Python over ports.

Read them in this order, and you have followed a recid:

    discover       which recids a source has; discovery/ is what watches it
    journey        the stages of one recid, in order, and the one rule that decides what is done
    raw_record     1 raw_record: the source's answer, parsed
    raw_files      2 raw_files: every byte read once, verified, stored
    metadata       3 metadata: the record as the target wants it, made by the crosswalk and validated
    archive        4 archive: the files as they will be uploaded
    published_record  5 published_record: draft, files, comparison, publication, receipt
    batch          many recids at once, each on its own

Each stage is one module with one `make` function. Nothing here knows Dagster, an adapter, or the environment. A new
stage is a new module and a row in `journey.STAGES`.
"""
