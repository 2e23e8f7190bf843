-- What does each stage cost? Sums over all its outcomes.
CREATE VIEW stage_costs AS
SELECT
    collection,
    stage,
    count(*) AS outcomes,
    count(*) FILTER (WHERE status = 'done') AS done,
    count(*) FILTER (WHERE status = 'unchanged') AS unchanged,
    count(*) FILTER (WHERE status NOT IN (SELECT statuses.status FROM statuses WHERE succeeded)) AS stopped,
    sum(elapsed_seconds) AS elapsed_seconds,
    coalesce(sum(size_bytes) FILTER (WHERE status = 'done'), 0) AS size_bytes
FROM outcomes
GROUP BY collection, stage;
