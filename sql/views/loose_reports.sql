-- What did each stage last say of the recids that were told of since the last compaction? From all that is known of them.
CREATE VIEW loose_reports AS
WITH loose AS (
    SELECT coalesce(collection, source, '') AS collection, recid, coalesce(source, '') AS source,
           coalesce(repository, '') AS repository, position, ts, status, coalesce(files, 0) AS files,
           coalesce(size_bytes, 0) AS size_bytes, coalesce(elapsed_seconds, 0) AS elapsed_seconds,
           coalesce(code, '') AS code, coalesce(message, '') AS message, coalesce(url, '') AS url,
           status IN (SELECT statuses.status FROM statuses WHERE succeeded) AS good
    FROM loose_lines JOIN stages USING (stage)
    WHERE coalesce(version, 1) <= known_version() AND coalesce(kind, 'outcome') = 'outcome'
      AND ts IS NOT NULL AND recid IS NOT NULL AND status IS NOT NULL
      AND is_asked(coalesce(collection, source, ''), recid)
),
told AS (
    SELECT collection, recid, source, repository, position, ts, if(status = 'done', ts, NULL) AS done_ts,
           if(good, ts, NULL) AS good_ts, if(good, size_bytes, NULL) AS good_bytes, size_bytes AS most_bytes,
           1 AS attempts, elapsed_seconds AS spent_seconds,
           {status: status, files: files, size_bytes: size_bytes, code: code, message: message, url: url} AS said
    FROM loose
    UNION ALL
    SELECT collection, recid, source, repository, position, ts, done_ts, good_ts, good_bytes, most_bytes, attempts,
           spent_seconds,
           {status: status, files: files, size_bytes: size_bytes, code: code, message: message, url: url}
    FROM kept_reports SEMI JOIN loose USING (collection, recid)
)
SELECT collection, recid, position, max(ts) AS ts, max(done_ts) AS done_ts, max(good_ts) AS good_ts,
       arg_max(good_bytes, good_ts) AS good_bytes, max(most_bytes) AS most_bytes, CAST(sum(attempts) AS BIGINT) AS attempts,
       sum(spent_seconds) AS spent_seconds, arg_max(source, ts) AS source, arg_max(repository, ts) AS repository,
       unnest(arg_max(said, ts))
FROM told
GROUP BY collection, recid, position;
