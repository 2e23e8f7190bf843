-- Of which stages that ended well for a recid was no document counted? Few, where all is well; kept by a ledger while it is open,
-- as that is what makes looking for when they ended quick.
CREATE VIEW undocumented AS
SELECT keys.collection, keys.recid, position, stages.stage, began
FROM counted
JOIN stages USING (stage)
JOIN ledger_keys AS keys ON keys.collection = counted.collection AND succeeded & bit_of(position) <> 0
ANTI JOIN documents ON documents.collection = keys.collection AND documents.recid = keys.recid
                   AND documents.stage = stages.stage;
