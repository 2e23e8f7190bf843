-- The recids that the instance knows: the keys of its partitions, put here by whoever opens the store.
CREATE TABLE registered (
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL,
    PRIMARY KEY (collection, recid)
);
