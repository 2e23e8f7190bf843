-- In which state do the recids stand that were told of since the last compaction? One row a recid, with the words for it.
--
--   withdrawn  the source no longer shows it
--   rejected   a stage found that the record cannot be carried as it stands
--   redirected the recid is another name of a record
--   left_out   the collection says that it stays out
--   waiting    a stage asked for something that takes its time
--   published  the repository holds it as it was last fetched, transformed and archived
--   pending    everything else: not begun, on its way, or held up by something around it
--   unknown    a stage reported a status that the table of statuses does not have
CREATE VIEW loose_standing AS
WITH latest AS (
    SELECT loose_reports.*, stage, coalesce(state, 'unknown') AS state, NOT coalesce(succeeded, FALSE) AS stopped,
           position = (SELECT max(stages.position) FROM stages) AS publishes,
           stage = 'raw_files' AS brings_files,
           stage IN ('raw_record', 'raw_files') AS lists_files
    FROM loose_reports JOIN stages USING (position) LEFT JOIN statuses USING (status)
),
told AS (
    SELECT
        collection,
        recid,
        arg_max(source, ts) AS source,
        arg_max(repository, ts) AS repository,
        max(ts) AS ts,
        count(*) AS stages_told,
        arg_max(position, ts) AS reached,
        -- the newest stage that did not succeed and has not succeeded since
        arg_max({position: position, state: state, code: code, message: message}, ts) FILTER (WHERE stopped) AS stop,
        -- when an earlier stage last made something new
        max(done_ts) FILTER (WHERE NOT publishes) AS changed_ts,
        max(ts) FILTER (WHERE publishes AND NOT stopped) AS published_ts,
        any_value(url) FILTER (WHERE publishes) AS url,
        any_value(files) FILTER (WHERE brings_files) AS files,
        any_value(size_bytes) FILTER (WHERE brings_files) AS size_bytes,
        bit_or(bit_of(position)) AS told,
        bit_or(bit_of(position)) FILTER (WHERE NOT stopped) AS succeeded,
        bool_or(state = 'unknown') AS unknown,
        arg_max(good_bytes, good_ts) FILTER (WHERE lists_files) AS listed_bytes,
        max(most_bytes) FILTER (WHERE lists_files) AS most_bytes,
        max(attempts) AS attempts,
        sum(spent_seconds) AS spent_seconds,
        arg_min(position, (-spent_seconds, position)) AS slowest,  -- the first of equals
        max(spent_seconds) AS slowest_seconds,
        max(status) FILTER (WHERE stage = 'raw_record') AS raw_record,
        max(ts) FILTER (WHERE stage = 'raw_record') AS raw_record_ts,
        max(status) FILTER (WHERE stage = 'raw_files') AS raw_files,
        max(ts) FILTER (WHERE stage = 'raw_files') AS raw_files_ts,
        max(status) FILTER (WHERE stage = 'metadata') AS metadata,
        max(ts) FILTER (WHERE stage = 'metadata') AS metadata_ts,
        max(status) FILTER (WHERE stage = 'archive') AS archive,
        max(ts) FILTER (WHERE stage = 'archive') AS archive_ts,
        max(status) FILTER (WHERE stage = 'published_record') AS published_record,
        max(ts) FILTER (WHERE stage = 'published_record') AS published_record_ts
    FROM latest
    GROUP BY collection, recid
)
SELECT
    collection,
    recid,
    source,
    repository,
    CASE
        WHEN stop IS NOT NULL THEN stop.state
        WHEN published_ts IS NOT NULL AND (changed_ts IS NULL OR published_ts >= changed_ts) THEN 'published'
        ELSE 'pending'
    END AS state,
    CAST(coalesce(stop.position, reached) AS UTINYINT) AS position,
    ts,
    CAST(stages_told AS UTINYINT) AS stages_told,
    coalesce(files, 0) AS files,
    coalesce(size_bytes, 0) AS size_bytes,
    coalesce(stop.code, '') AS code,
    coalesce(stop.message, '') AS message,
    if(stop IS NULL, coalesce(url, ''), '') AS url,
    told,
    coalesce(succeeded, 0) AS succeeded,
    unknown,
    coalesce(listed_bytes, 0) AS listed_bytes,
    coalesce(most_bytes, 0) AS most_bytes,
    attempts,
    spent_seconds,
    slowest,
    slowest_seconds,
    {
        raw_record: raw_record, raw_record_ts: raw_record_ts,
        raw_files: raw_files, raw_files_ts: raw_files_ts,
        metadata: metadata, metadata_ts: metadata_ts,
        archive: archive, archive_ts: archive_ts,
        published_record: published_record, published_record_ts: published_record_ts
    } AS said
FROM told;
