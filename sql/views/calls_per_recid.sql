-- How many calls does a recid cost, at which stage, to which system, and how long do they take?
CREATE VIEW calls_per_recid AS
WITH by_recid AS (
    SELECT collection, recid, stage, system, count(*) AS calls, sum(elapsed_seconds) AS elapsed_seconds
    FROM known_events WHERE kind = 'call' GROUP BY ALL
)
SELECT
    collection,
    stage,
    system,
    count(*) AS recids,
    sum(calls) AS calls,
    avg(calls) AS calls_per_recid,
    max(calls) AS most_calls,
    sum(elapsed_seconds) / sum(calls) AS seconds_per_call
FROM by_recid
GROUP BY collection, stage, system;
