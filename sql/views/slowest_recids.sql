-- Which recids took the longest, and at which stage? All attempts together; the first place is the slowest.
CREATE VIEW slowest_recids AS
SELECT
    row_number() OVER (ORDER BY spent_seconds DESC, collection, recid) AS place,
    collection,
    recid,
    spent_seconds AS elapsed_seconds,
    stage AS slowest_stage,
    slowest_seconds AS slowest_stage_seconds,
    attempts,
    most_bytes AS size_bytes
FROM all_standing JOIN stages ON stages.position = slowest;
