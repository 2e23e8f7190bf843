"""How a recid is published: which record or draft is its own, with what payload, and with which files.

Here belongs what the stage `published_record` is told in; the stage itself, plan, apply and verify in their order, is
`flows/published_record.py`.
"""
