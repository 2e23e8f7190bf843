-- What did each stage do for a recid? One row for each outcome that was noted in a version that is known here.
CREATE VIEW outcomes AS
SELECT
    ts,
    coalesce(started, ts - to_microseconds(CAST(1e6 * coalesce(elapsed_seconds, 0) AS BIGINT))) AS started,
    coalesce(run_id, '') AS run_id,
    coalesce(collection, source, '') AS collection,
    coalesce(source, '') AS source,
    coalesce(repository, '') AS repository,
    recid,
    stage,
    status,
    coalesce(elapsed_seconds, 0) AS elapsed_seconds,
    coalesce(size_bytes, 0) AS size_bytes,
    coalesce(files, 0) AS files,
    coalesce(archives, 0) AS archives,
    coalesce(findings, 0) AS findings,
    coalesce(code, '') AS code,
    coalesce(message, '') AS message,
    coalesce(url, '') AS url
FROM all_lines
WHERE coalesce(version, 1) <= known_version() AND coalesce(kind, 'outcome') = 'outcome'
  AND ts IS NOT NULL AND recid IS NOT NULL AND stage IS NOT NULL AND status IS NOT NULL;
