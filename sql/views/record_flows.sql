-- How far did recids come, and how did they leave? One row for each stage (position 0: none was begun) and state, with the
-- bytes of the files that their records list; `stopped` are those that something holds up at the stage.
CREATE VIEW record_flows AS
WITH listed AS (
    SELECT collection, recid, arg_max(size_bytes, ts) AS size_bytes
    FROM outcomes SEMI JOIN (FROM statuses WHERE succeeded) AS succeeded USING (status)
    WHERE stage IN ('raw_record', 'raw_files')
    GROUP BY ALL
)
SELECT
    entries.collection,
    coalesce(position, 0) AS position,
    entries.stage,
    state,
    code <> '' AS stopped,
    count(*) AS recids,
    sum(coalesce(listed.size_bytes, 0)) AS size_bytes
FROM ledger_entries AS entries
LEFT JOIN listed ON listed.collection = entries.collection AND listed.recid = entries.recid
LEFT JOIN stages ON stages.stage = entries.stage
GROUP BY ALL;
