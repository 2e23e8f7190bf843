"""Tests of cern_assets: `make unit` runs what needs no service, `make test` everything."""
