-- Where does the time go now? Of the last hour that telemetry knows: each stage's share of all time, the longest first, and
-- how many recids are at it (begun, and not ended since).
CREATE VIEW bottleneck_now AS
WITH recent AS (
    SELECT * FROM known_events WHERE ts > (SELECT max(ts) - INTERVAL 1 HOUR FROM known_events)
),
spent AS (
    SELECT collection, stage, coalesce(sum(elapsed_seconds) FILTER (WHERE kind = 'outcome'), 0) AS elapsed_seconds,
           count(*) FILTER (WHERE kind = 'outcome') AS outcomes
    FROM recent GROUP BY ALL
),
latest AS (
    SELECT collection, recid, stage, arg_max(kind, (ts, sequence)) AS kind
    FROM recent WHERE kind IN ('started', 'outcome') GROUP BY ALL
),
running AS (SELECT collection, stage, count(*) AS recids FROM latest WHERE kind = 'started' GROUP BY ALL)
SELECT
    row_number() OVER (ORDER BY elapsed_seconds DESC, collection, stage) AS place,
    collection,
    stage,
    elapsed_seconds,
    if(sum(elapsed_seconds) OVER () > 0, elapsed_seconds / sum(elapsed_seconds) OVER (), 0) AS share,
    outcomes,
    coalesce(recids, 0) AS running
FROM spent LEFT JOIN running USING (collection, stage);
