-- When will what is pending be published, by the pace of the latest run, and how wrong would the same reckoning have been?
--
-- `error` is that of a forecast made when half of the run's records were published, for the time of the other half: 0.1 is
-- a tenth too long. NULL where the run has published too few to say.
CREATE VIEW time_left AS
WITH published AS (
    SELECT collection, run_id, ts, row_number() OVER (PARTITION BY collection, run_id ORDER BY ts) AS number
    FROM outcomes
    WHERE status = 'done' AND stage = (SELECT arg_max(stages.stage, stages.position) FROM stages)
      AND (collection, run_id) IN (SELECT (collection, arg_max(run_id, ts)) FROM outcomes GROUP BY collection)
),
counted AS (SELECT *, count(*) OVER (PARTITION BY collection) AS all_of_them FROM published),
paced AS (
    SELECT
        collection,
        any_value(all_of_them) AS published,
        epoch(max(ts) - min(ts)) / nullif(any_value(all_of_them) - 1, 0) AS seconds_each,
        max(ts) FILTER (WHERE number = all_of_them // 2) AS half_ts,
        min(ts) AS first_ts,
        max(ts) AS last_ts
    FROM counted GROUP BY collection
),
left_over AS (
    SELECT collection, count(*) AS pending FROM ledger_keys WHERE state = 'pending' GROUP BY collection
)
SELECT
    collection,
    coalesce(pending, 0) AS pending,
    published,
    seconds_each,
    coalesce(pending, 0) * seconds_each AS seconds_left,
    epoch(half_ts - first_ts) / nullif(published // 2 - 1, 0) * (published - published // 2)
        / nullif(epoch(last_ts - half_ts), 0) - 1 AS error
FROM paced LEFT JOIN left_over USING (collection);
