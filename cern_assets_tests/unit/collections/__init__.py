"""Tests of `cern_assets.collections`."""
