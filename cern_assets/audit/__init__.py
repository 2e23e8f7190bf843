"""The auditor: rules over source records, each with a reason, an example, and a patch where the right value is known.

`rules.py` says what a rule is, `running.py` goes through records, `corpus.py` holds what can be told of all of them
together only; a source has its own rules in `sources/<name>/audit.py`, made of what stands in `texts.py`, `told.py`
and `across.py`.
"""
