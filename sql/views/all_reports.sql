-- What did each stage last report of each recid, with its words?
CREATE VIEW all_reports AS
FROM loose_reports
UNION ALL BY NAME
FROM kept_reports ANTI JOIN loose_reports USING (collection, recid)
WHERE is_asked(collection, recid);
