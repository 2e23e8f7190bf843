-- Where does every recid stand, and why? The standing of each recid with the words of the event that put it there.
CREATE VIEW ledger_entries AS
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
    registered.recid IS NOT NULL AS registered
FROM all_standing AS standing
FULL JOIN registered ON registered.collection = standing.collection AND registered.recid = standing.recid
LEFT JOIN stages USING (position);
