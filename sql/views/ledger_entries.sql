-- Where does every recid stand, and why? The standing of each recid with the words of the event that put it there.
CREATE VIEW ledger_entries AS
SELECT
    standing.collection,
    coalesce(events.source, standing.collection) AS source,
    standing.recid,
    standing.state,
    coalesce(stages.stage, '') AS stage,
    coalesce(events.code, '') AS code,
    coalesce(events.message, '') AS message,
    standing.files,
    standing.size_bytes,
    coalesce(events.url, '') AS url,
    standing.ts,
    standing.registered
FROM ledger_standing AS standing
LEFT JOIN stages USING (position)
LEFT JOIN events
    ON events.collection = standing.collection AND events.recid = standing.recid
   AND events.stage = stages.stage AND events.ts = standing.said_ts;
