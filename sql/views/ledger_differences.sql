-- On which recids do the counts disagree: partitions, documents, telemetry? One row for each disagreement.
CREATE VIEW ledger_differences AS
WITH told AS (
    SELECT ledger_stages.*, stages.stage, statuses.status IS NULL AS unknown, coalesce(succeeded, FALSE) AS succeeded
    FROM ledger_stages JOIN stages USING (position) LEFT JOIN statuses USING (status)
)
SELECT collection, recid, '' AS stage, 'telemetry tells of it, and it has no partition' AS difference
FROM ledger_entries WHERE NOT registered
UNION ALL
SELECT collection, recid, min(stage), 'it has a document, and neither a partition nor an event'
FROM documents
ANTI JOIN ledger_entries USING (collection, recid)
GROUP BY collection, recid
UNION ALL
SELECT documents.collection, documents.recid, documents.stage, 'it has a document of the stage, and no event'
FROM documents
SEMI JOIN ledger_entries USING (collection, recid)
ANTI JOIN told ON told.collection = documents.collection AND told.recid = documents.recid
              AND told.stage = documents.stage
UNION ALL
SELECT told.collection, told.recid, told.stage, 'telemetry says that the stage is done, and it has no document'
FROM told
JOIN counted ON counted.collection = told.collection AND counted.stage = told.stage AND told.ts < counted.began
ANTI JOIN documents ON documents.collection = told.collection AND documents.recid = told.recid
                   AND documents.stage = told.stage
WHERE told.succeeded
UNION ALL
SELECT collection, recid, '', 'it is published, and telemetry never told of a stage before'
FROM ledger_entries WHERE state = 'published' AND stages_told < (SELECT count(*) FROM stages)
UNION ALL
SELECT collection, recid, stage, 'the stage reported ' || status || ', which is no status'
FROM told WHERE unknown;
