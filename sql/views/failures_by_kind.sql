-- What goes wrong, how often, and for how many recids? One row for each kind of problem at a stage, with its last words.
CREATE VIEW failures_by_kind AS
SELECT
    collection,
    stage,
    status,
    code,
    count(*) AS times,
    count(DISTINCT recid) AS recids,
    max(ts) AS last_ts,
    arg_max(recid, ts) AS last_recid,
    arg_max(message, ts) AS last_message
FROM outcomes
WHERE status NOT IN (SELECT statuses.status FROM statuses WHERE succeeded)
GROUP BY collection, stage, status, code;
