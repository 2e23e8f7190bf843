-- What is counted beside the spool, put here by whoever opens the store.
CREATE TABLE registered (   -- the partitions of the instance
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
CREATE TABLE documents (    -- the documents in the store
    collection VARCHAR NOT NULL,
    stage      VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
CREATE TABLE counted (      -- the collections and stages whose documents were counted, and when counting began, UTC
    collection VARCHAR NOT NULL,
    stage      VARCHAR NOT NULL,
    began      TIMESTAMP NOT NULL
);
CREATE TABLE asked (        -- the recids that the ledger is about; none: all
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
CREATE TABLE noted (        -- the recids of which the journal has an entry
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
CREATE TABLE held (         -- the recids that the target's own list shows as published, once for each record of theirs
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
CREATE TABLE listed (       -- the collections whose journal and target were listed, and when that began, UTC
    collection VARCHAR NOT NULL,
    began      TIMESTAMP NOT NULL
);
