-- What did each stage last say of each recid? Compact, as it is the largest table of the ledger.
CREATE VIEW ledger_stages AS
SELECT
    collection,
    recid,
    position,
    max(ts) AS ts,
    arg_max(status, ts) AS status,
    max(ts) FILTER (WHERE status = 'done') AS done_ts,
    arg_max(files, ts) AS files,
    arg_max(size_bytes, ts) AS size_bytes
FROM events
JOIN stages USING (stage)
WHERE NOT EXISTS (FROM asked) OR (collection, recid) IN (SELECT (asked.collection, asked.recid) FROM asked)
GROUP BY collection, recid, position;
