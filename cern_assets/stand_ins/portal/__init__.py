"""The sample portal: the API and pages of CERN Open Data over a small collection."""
