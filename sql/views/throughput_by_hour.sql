-- How much does each stage get through in an hour? One row for each stage and hour (UTC) in which something ended.
CREATE VIEW throughput_by_hour AS
SELECT
    collection,
    stage,
    date_trunc('hour', ts) AS hour,
    count(*) AS outcomes,
    count(*) FILTER (WHERE status = 'done') AS done,
    coalesce(sum(size_bytes) FILTER (WHERE status = 'done'), 0) AS size_bytes,
    sum(elapsed_seconds) AS elapsed_seconds
FROM outcomes
GROUP BY ALL;
