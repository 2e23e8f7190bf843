-- On which recids do the counts disagree: partitions, documents, telemetry? One row for each disagreement.
CREATE VIEW ledger_differences AS
WITH untold AS (
    SELECT documents.collection, documents.recid, documents.stage, keys.recid IS NULL AS unheard_of
    FROM documents
    JOIN stages USING (stage)
    LEFT JOIN ledger_keys AS keys ON keys.collection = documents.collection AND keys.recid = documents.recid
    WHERE coalesce(told, 0) & bit_of(position) = 0
)
SELECT collection, recid, '' AS stage, 'telemetry tells of it, and it has no partition' AS difference
FROM ledger_keys WHERE NOT registered
UNION ALL
SELECT collection, recid, min(stage), 'it has a document, and neither a partition nor an event'
FROM untold WHERE unheard_of GROUP BY collection, recid
UNION ALL
SELECT collection, recid, stage, 'it has a document of the stage, and no event'
FROM untold WHERE NOT unheard_of
UNION ALL
SELECT collection, recid, stage, 'telemetry says that the stage is done, and it has no document'
FROM undocumented JOIN ledger_stages AS reported USING (collection, recid, position)
WHERE reported.ts < began  -- what was told later may not have been there when documents were counted
UNION ALL
SELECT collection, recid, '', 'it is published, and telemetry never told of a stage before'
FROM ledger_keys WHERE state = 'published' AND stages_told < (SELECT count(*) FROM stages)
UNION ALL
SELECT collection, recid, stage, 'the stage reported ' || status || ', which is no status'
FROM ledger_stages
SEMI JOIN (FROM ledger_keys WHERE unknown) AS strange USING (collection, recid)
JOIN stages USING (position)
ANTI JOIN statuses USING (status);
