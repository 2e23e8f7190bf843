-- On which recids do telemetry, the journal and the target's own list of records disagree? One row for each disagreement.
CREATE VIEW target_differences AS
WITH published AS (
    SELECT ledger_keys.collection, recid FROM ledger_keys JOIN listed USING (collection)
    WHERE state = 'published' AND ts < began
),
told AS (
    SELECT collection, recid FROM ledger_keys
    WHERE told & (SELECT bit_of(max(stages.position)) FROM stages) <> 0
),
last_stage AS (SELECT arg_max(stages.stage, stages.position) AS stage FROM stages)
SELECT collection, recid, stage, 'it is published, and the target does not list it' AS difference
FROM published ANTI JOIN held USING (collection, recid) CROSS JOIN last_stage
UNION ALL
SELECT collection, recid, stage, 'it is published, and the journal has no entry of it'
FROM published ANTI JOIN noted USING (collection, recid) CROSS JOIN last_stage
UNION ALL
SELECT DISTINCT collection, recid, stage, 'the target lists it as published, and no event tells of it'
FROM held ANTI JOIN told USING (collection, recid) CROSS JOIN last_stage
UNION ALL
SELECT collection, recid, stage, 'the target lists ' || count(*) || ' published records of it'
FROM held CROSS JOIN last_stage GROUP BY collection, recid, stage HAVING count(*) > 1;
