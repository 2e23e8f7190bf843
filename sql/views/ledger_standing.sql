-- In which state does every recid stand? One row a recid, without words: `said_ts` is when the event with the words was.
--
--   withdrawn  the source no longer shows it
--   rejected   a stage found that the record cannot be carried as it stands
--   waiting    a stage asked for something that takes its time
--   published  the repository holds it as it was last fetched, transformed and archived
--   pending    everything else: not begun, on its way, or held up by something around it
--   unknown    a stage reported a status that the table of statuses does not have
CREATE VIEW ledger_standing AS
WITH latest AS (
    SELECT ledger_stages.*, state, NOT coalesce(succeeded, FALSE) AS stopped,
           position = (SELECT max(stages.position) FROM stages) AS publishes,
           position = (SELECT stages.position FROM stages WHERE stage = 'raw_files') AS brings_files
    FROM ledger_stages LEFT JOIN statuses USING (status)
),
told AS (
    SELECT
        collection,
        recid,
        max(ts) AS ts,
        count(*) AS stages_told,
        arg_max(position, ts) AS reached,
        -- the newest stage that did not succeed and has not succeeded since
        max(ts) FILTER (WHERE stopped) AS stopped_ts,
        arg_max(position, ts) FILTER (WHERE stopped) AS stopped_at,
        arg_max(coalesce(state, 'unknown'), ts) FILTER (WHERE stopped) AS stopped_state,
        -- when an earlier stage last made something new
        max(done_ts) FILTER (WHERE NOT publishes) AS changed_ts,
        max(ts) FILTER (WHERE publishes AND NOT stopped) AS published_ts,
        any_value(files) FILTER (WHERE brings_files) AS files,
        any_value(size_bytes) FILTER (WHERE brings_files) AS size_bytes
    FROM latest
    GROUP BY collection, recid
)
SELECT
    coalesce(told.collection, registered.collection) AS collection,
    coalesce(told.recid, registered.recid) AS recid,
    CASE
        WHEN stopped_state IS NOT NULL THEN stopped_state
        WHEN published_ts IS NOT NULL AND (changed_ts IS NULL OR published_ts >= changed_ts) THEN 'published'
        ELSE 'pending'
    END AS state,
    coalesce(stopped_at, reached) AS position,
    coalesce(stopped_ts, published_ts) AS said_ts,
    ts,
    stages_told,
    coalesce(files, 0) AS files,
    coalesce(size_bytes, 0) AS size_bytes,
    registered.recid IS NOT NULL AS registered
FROM told
FULL JOIN registered ON registered.collection = told.collection AND registered.recid = told.recid;
