"""InvenioRDM and NRP repositories through nrp-cmd.

Here belongs all that knows nrp-cmd: `client` is the port's implementation, `connection` nrp-cmd's HTTP connection
with its faults mended, `stream` the bytes of an upload, `loop` the thread that runs it all, `parse` the answers and
`refusals` the errors. Nothing else in the project imports nrp-cmd. Add a module when nrp-cmd needs mending in a way
that none of these is about.
"""
