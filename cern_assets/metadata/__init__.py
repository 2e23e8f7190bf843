"""From a source record to a deposit: crosswalk engine, validation, comparison. All pure: no connection is opened here.

Here belongs what every source shares: how rows are applied and leaves accounted for, how names, dates, identifiers and
HTML are read, and the rules of the target. What one source means by its fields belongs in its own
`sources/<name>/crosswalk.py`. Add a module when a second source needs the same reading of a field; add a rule here when
the target has one.
"""
