-- In which state does every recid stand that telemetry knows?
CREATE VIEW all_standing AS
FROM loose_standing
UNION ALL BY NAME
FROM kept_standing ANTI JOIN loose_standing USING (collection, recid)
WHERE NOT EXISTS (FROM asked) OR (collection, recid) IN (SELECT (asked.collection, asked.recid) FROM asked);
