-- How much does each stage get through in a second? One row for each stage and second (UTC) in which something ended.
CREATE VIEW throughput_by_second AS
SELECT
    collection,
    stage,
    date_trunc('second', ts) AS second,
    count(*) AS outcomes,
    count(*) FILTER (WHERE status = 'done') AS done,
    coalesce(sum(size_bytes) FILTER (WHERE status = 'done'), 0) AS size_bytes
FROM outcomes
GROUP BY ALL;
