-- What is there to tell of each recid? One row each: where it stands and why, what each stage last said and when (UTC), how
-- much it brought, and where it is published.
CREATE VIEW ledger_records AS
WITH told AS (
    SELECT collection, recid, stage, ledger_stages.ts, status FROM ledger_stages JOIN stages USING (position)
)
SELECT
    entries.collection,
    entries.recid,
    entries.source,
    entries.repository,
    entries.state,
    entries.stage,
    entries.code,
    entries.message,
    entries.files,
    entries.size_bytes,
    entries.url,
    regexp_extract(entries.url, '/records/([^/?#]+)$', 1) AS record_id,
    entries.ts,
    max(status) FILTER (WHERE told.stage = 'raw_record') AS raw_record,
    max(told.ts) FILTER (WHERE told.stage = 'raw_record') AS raw_record_ts,
    max(status) FILTER (WHERE told.stage = 'raw_files') AS raw_files,
    max(told.ts) FILTER (WHERE told.stage = 'raw_files') AS raw_files_ts,
    max(status) FILTER (WHERE told.stage = 'metadata') AS metadata,
    max(told.ts) FILTER (WHERE told.stage = 'metadata') AS metadata_ts,
    max(status) FILTER (WHERE told.stage = 'archive') AS archive,
    max(told.ts) FILTER (WHERE told.stage = 'archive') AS archive_ts,
    max(status) FILTER (WHERE told.stage = 'published_record') AS published_record,
    max(told.ts) FILTER (WHERE told.stage = 'published_record') AS published_record_ts
FROM ledger_entries AS entries
LEFT JOIN told ON told.collection = entries.collection AND told.recid = entries.recid
GROUP BY ALL;
