"""What plays the outside world, for the demo and for tests: nothing here is part of a real migration.

    repository/   an InvenioRDM-compatible repository in a folder
    portal/       the CERN Open Data portal over a small collection
    sample/       the collections that the portal serves: a bundled one, or a folder of real records
    demo/         the sample collection through Dagster into the embedded repository
    serving       ASGI applications on the loopback interface

Add here what a real system does to us (a fault, a limit, a text it changes); what we do belongs elsewhere, and nothing
but commands may import from here.
"""
