-- How far did recids come, and how did they leave? One row for each stage (position 0: none was begun) and state, with the
-- bytes of the files that their records list; `stopped` are those that something holds up at the stage.
CREATE VIEW record_flows AS
SELECT
    collection,
    position,
    stage,
    state,
    code <> '' AS stopped,
    count(*) AS recids,
    sum(listed_bytes) AS size_bytes
FROM ledger_entries
GROUP BY ALL;
