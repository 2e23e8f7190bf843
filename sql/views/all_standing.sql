-- In which state does every recid stand that telemetry knows?
CREATE VIEW all_standing AS
FROM loose_standing
UNION ALL BY NAME
FROM kept_standing ANTI JOIN loose_standing USING (collection, recid)
WHERE is_asked(collection, recid);
