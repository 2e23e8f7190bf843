-- Which recids took the longest, and at which stage? All attempts together; the first place is the slowest.
CREATE VIEW slowest_recids AS
WITH by_stage AS (
    SELECT collection, recid, stage, sum(elapsed_seconds) AS elapsed_seconds, count(*) AS attempts,
           max(size_bytes) AS size_bytes
    FROM outcomes GROUP BY ALL
)
SELECT
    row_number() OVER (ORDER BY sum(elapsed_seconds) DESC, collection, recid) AS place,
    collection,
    recid,
    sum(elapsed_seconds) AS elapsed_seconds,
    arg_max(stage, elapsed_seconds) AS slowest_stage,
    max(elapsed_seconds) AS slowest_stage_seconds,
    max(attempts) AS attempts,
    coalesce(max(size_bytes) FILTER (WHERE stage IN ('raw_record', 'raw_files')), 0) AS size_bytes
FROM by_stage
GROUP BY collection, recid;
