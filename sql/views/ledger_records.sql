-- What is there to tell of each recid? One row each: where it stands and why, what each stage last said and when (UTC), how
-- much it brought, and where it is published.
CREATE VIEW ledger_records AS
SELECT
    collection,
    recid,
    source,
    repository,
    state,
    stage,
    code,
    message,
    files,
    size_bytes,
    url,
    regexp_extract(url, '/records/([^/?#]+)$', 1) AS record_id,
    ts,
    unnest(said)
FROM ledger_entries;
