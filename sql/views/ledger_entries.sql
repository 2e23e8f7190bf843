-- Where does every recid stand? One row a recid, in exactly one state.
--
--   withdrawn  the source no longer shows it
--   rejected   a stage found that the record cannot be carried as it stands
--   published  the repository holds it as it was last fetched, transformed and archived
--   pending    everything else: not begun, on its way, waiting, or held up by something around it
CREATE VIEW ledger_entries AS
WITH latest AS (
    SELECT * FROM events
    QUALIFY row_number() OVER (PARTITION BY source, recid, stage ORDER BY ts DESC) = 1
),
stopped AS (  -- the newest stage that did not succeed and has not succeeded since
    SELECT * FROM latest
    WHERE status IN ('waiting', 'failed', 'rejected', 'withdrawn')
    QUALIFY row_number() OVER (PARTITION BY source, recid ORDER BY ts DESC) = 1
),
changed AS (  -- when an earlier stage last made something new
    SELECT source, recid, max(ts) AS ts FROM events
    WHERE status = 'done' AND stage <> 'published_record'
    GROUP BY source, recid
),
published AS (
    SELECT latest.* FROM latest
    LEFT JOIN changed USING (source, recid)
    WHERE latest.stage = 'published_record' AND latest.status IN ('done', 'unchanged')
      AND (changed.ts IS NULL OR latest.ts >= changed.ts)
),
reached AS (
    SELECT source, recid, max(ts) AS ts, arg_max(stage, ts) AS stage,
           coalesce(arg_max(size_bytes, ts) FILTER (WHERE stage = 'raw_files'), 0) AS size_bytes,
           coalesce(arg_max(files, ts) FILTER (WHERE stage = 'raw_files'), 0) AS files,
           coalesce(arg_max(url, ts) FILTER (WHERE url <> ''), '') AS url
    FROM latest
    GROUP BY source, recid
),
known AS (
    SELECT source, recid FROM registered
    UNION
    SELECT source, recid FROM reached
)
SELECT
    known.source,
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
LEFT JOIN registered ON registered.source = known.source AND registered.recid = known.recid
LEFT JOIN reached ON reached.source = known.source AND reached.recid = known.recid
LEFT JOIN stopped ON stopped.source = known.source AND stopped.recid = known.recid
LEFT JOIN published ON published.source = known.source AND published.recid = known.recid;
