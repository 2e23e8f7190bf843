-- Into which buckets do the recids of each collection and target fall? Rejected by reason, pending by stage.
CREATE VIEW ledger_buckets AS
SELECT
    collection,
    repository,
    state,
    CASE state
        WHEN 'rejected' THEN code
        WHEN 'waiting' THEN code
        WHEN 'left_out' THEN message
        WHEN 'pending' THEN if(stage = '', 'not begun', stage)
        ELSE ''
    END AS detail,
    count(*) AS recids,
    sum(files) AS files,
    sum(size_bytes) AS size_bytes
FROM ledger_entries
GROUP BY ALL;
