"""The write side: implementations of `ports.Repository`, and the small server that stands in for a real one.

Here belongs what speaks to a repository, or is one: `nrp/` is the adapter for InvenioRDM and NRP repositories,
`embedded/` a small InvenioRDM-compatible server for the demo and the tests. What decides *whether* and *what* to
publish belongs to the flows, and what turns a source record into a deposit to `metadata`. Add a package per kind of
repository, with its row in the contract suite.
"""
