-- Where does every recid stand, and why? The standing of each recid with the words of the event that put it there.
CREATE MACRO entries_of(standing_in, registered_in) AS TABLE
SELECT
    coalesce(standing.collection, registered.collection) AS collection,
    coalesce(source, registered.collection) AS source,
    coalesce(repository, '') AS repository,
    coalesce(standing.recid, registered.recid) AS recid,
    coalesce(state, 'pending') AS state,
    coalesce(stage, '') AS stage,
    coalesce(code, '') AS code,
    coalesce(message, '') AS message,
    coalesce(files, 0) AS files,
    coalesce(size_bytes, 0) AS size_bytes,
    coalesce(url, '') AS url,
    ts,
    coalesce(stages_told, 0) AS stages_told,
    registered.recid IS NOT NULL AS registered,
    coalesce(position, 0) AS position,
    coalesce(told, 0) AS told,
    coalesce(succeeded, 0) AS succeeded,
    coalesce(unknown, FALSE) AS unknown,
    coalesce(listed_bytes, 0) AS listed_bytes,
    said
FROM query_table(standing_in) AS standing
FULL JOIN query_table(registered_in) AS registered
    ON registered.collection = standing.collection AND registered.recid = standing.recid
LEFT JOIN stages USING (position);
CREATE VIEW ledger_entries AS
FROM entries_of('all_standing', 'registered');
