"""Tests of `cern_assets.repositories`; what every repository must do is in `contract/test_repository.py`."""
