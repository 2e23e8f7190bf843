-- The collections that the ledger is about, beside the recids of `asked`; none: all.
CREATE TABLE asked_collections (
    collection VARCHAR NOT NULL
);
CREATE MACRO is_asked(of_collection, of_recid) AS
    is_in_share(of_recid) AND (NOT EXISTS (FROM asked_collections) OR of_collection IN (SELECT asked_collections.collection FROM asked_collections))
    AND (NOT EXISTS (FROM asked) OR (of_collection, of_recid) IN (SELECT (asked.collection, asked.recid) FROM asked));
