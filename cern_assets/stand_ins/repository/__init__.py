"""A small InvenioRDM-compatible repository: one process, one depositor, a folder with SQLite and content files.

It is for the demo and for tests, where a real InvenioRDM costs a gigabyte and a minute. Here belongs what a client of
InvenioRDM 14 can see through REST, and two kinds of pages for people; not communities, requests, vocabularies or
anything that needs a second user. The contract suite runs over this server and over a real InvenioRDM: where they
differ, this one is wrong.

`app` puts it together; `api` and `pages` speak HTTP; `records`, `files` and `search` hold the rules; `tables`,
`database` and `content` keep the data; `faults` chooses what goes wrong, and `faulty` lets it happen.
"""
