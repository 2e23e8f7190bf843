"""Faults, kills and a second worker by seed, against a model: what a run of any seed must leave in the repository.

`world` holds source, store and repository of a seed, `mortal` what dies, `schedule` what happens, `expected` the model.
`python -m cern_assets_tests.chaos FIRST COUNT` runs them (`make chaos`).
"""
