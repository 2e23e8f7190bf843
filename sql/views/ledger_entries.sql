-- Where does every recid stand? One row a recid, in exactly one state.
--
--   withdrawn  the source no longer shows it
--   rejected   a stage found that the record cannot be carried as it stands
--   published  the repository holds it as it was last fetched, transformed and archived
--   pending    everything else: not begun, on its way, waiting, or held up by something around it
CREATE VIEW ledger_entries AS
WITH told AS (  -- events from before there were collections are those of the source's own
    SELECT * REPLACE (coalesce(collection, source) AS collection) FROM events
),
latest AS (
    SELECT * FROM told
    QUALIFY row_number() OVER (PARTITION BY collection, recid, stage ORDER BY ts DESC) = 1
),
stopped AS (  -- the newest stage that did not succeed and has not succeeded since
    SELECT * FROM latest
    WHERE status IN ('waiting', 'failed', 'rejected', 'withdrawn')
    QUALIFY row_number() OVER (PARTITION BY collection, recid ORDER BY ts DESC) = 1
),
changed AS (  -- when an earlier stage last made something new
    SELECT collection, recid, max(ts) AS ts FROM told
    WHERE status = 'done' AND stage <> 'published_record'
    GROUP BY collection, recid
),
published AS (
    SELECT latest.* FROM latest
    LEFT JOIN changed USING (collection, recid)
    WHERE latest.stage = 'published_record' AND latest.status IN ('done', 'unchanged')
      AND (changed.ts IS NULL OR latest.ts >= changed.ts)
),
reached AS (
    SELECT collection, recid, max(ts) AS ts, arg_max(stage, ts) AS stage,
           coalesce(arg_max(size_bytes, ts) FILTER (WHERE stage = 'raw_files'), 0) AS size_bytes,
           coalesce(arg_max(files, ts) FILTER (WHERE stage = 'raw_files'), 0) AS files,
           coalesce(arg_max(url, ts) FILTER (WHERE url <> ''), '') AS url
    FROM latest
    GROUP BY collection, recid
),
known AS (
    SELECT collection, recid FROM registered
    UNION
    SELECT collection, recid FROM reached
)
SELECT
    known.collection,
    known.recid,
    CASE
        WHEN stopped.status IN ('withdrawn', 'rejected') THEN stopped.status
        WHEN stopped.status IN ('waiting', 'failed') THEN 'pending'
        WHEN published.recid IS NOT NULL THEN 'published'
        ELSE 'pending'
    END AS state,
    coalesce(stopped.stage, reached.stage, '') AS stage,
    coalesce(stopped.code, '') AS code,
    coalesce(stopped.message, '') AS message,
    coalesce(reached.files, 0) AS files,
    coalesce(reached.size_bytes, 0) AS size_bytes,
    coalesce(published.url, reached.url, '') AS url,
    reached.ts AS ts,
    registered.recid IS NOT NULL AS registered
FROM known
LEFT JOIN registered ON registered.collection = known.collection AND registered.recid = known.recid
LEFT JOIN reached ON reached.collection = known.collection AND reached.recid = known.recid
LEFT JOIN stopped ON stopped.collection = known.collection AND stopped.recid = known.recid
LEFT JOIN published ON published.collection = known.collection AND published.recid = known.recid;
