"""The few commands a person types, a module each, found by name: `cli/ledger.py` is `cern-assets ledger`.

`main` finds them, `show` prints for them, `reference` writes the page about them.

A command reads its options, calls what does the work, and shows the answer: a table for people, JSON with `--json`.
No logic of its own. Exit codes: 0 all well, 1 something did not get through (and the output says what), 2 the command
or its configuration was wrong.
"""
