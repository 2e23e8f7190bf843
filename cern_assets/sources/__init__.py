"""The read side: one folder for each source system, with the same file names in each.

Here belong a source's client (requests), parse (answers to values), crosswalk (data) and config (what is fixed about
the system), and beside them what all sources need: politeness, and reading JSON. What a deposit looks like does not
belong here, nor do bytes of files: a record names them, `cern_assets.storage` moves them. Add a folder when a new
system is to be read; nothing else has to know its name but `cern_assets.wiring`.
"""
