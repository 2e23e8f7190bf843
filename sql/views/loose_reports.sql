-- What did each stage last say of the recids that were told of since the last compaction? From all that is known of them.
CREATE VIEW loose_reports AS
WITH loose AS (
    SELECT coalesce(collection, source, '') AS collection, recid, coalesce(source, '') AS source,
           coalesce(repository, '') AS repository, position, ts, status, coalesce(files, 0) AS files,
           coalesce(size_bytes, 0) AS size_bytes, coalesce(code, '') AS code, coalesce(message, '') AS message,
           coalesce(url, '') AS url
    FROM loose_lines JOIN stages USING (stage)
    WHERE coalesce(version, 1) <= known_version() AND coalesce(kind, 'outcome') = 'outcome'
      AND ts IS NOT NULL AND recid IS NOT NULL AND status IS NOT NULL
      AND (NOT EXISTS (FROM asked)
           OR (coalesce(collection, source, ''), recid) IN (SELECT (asked.collection, asked.recid) FROM asked))
),
kept AS (
    SELECT collection, recid, source, repository, unnest(reports) AS report
    FROM kept_standing SEMI JOIN loose USING (collection, recid)
),
told AS (
    SELECT collection, recid, source, repository, position, ts, if(status = 'done', ts, NULL) AS done_ts,
           {status: status, files: files, size_bytes: size_bytes, code: code, message: message, url: url} AS said
    FROM loose
    UNION ALL
    SELECT collection, recid, source, repository, report.position, report.ts, report.done_ts,
           {status: report.status, files: report.files, size_bytes: report.size_bytes, code: report.code,
            message: report.message, url: report.url}
    FROM kept
)
SELECT collection, recid, position, max(ts) AS ts, max(done_ts) AS done_ts, arg_max(source, ts) AS source,
       arg_max(repository, ts) AS repository, unnest(arg_max(said, ts))
FROM told
GROUP BY collection, recid, position;
