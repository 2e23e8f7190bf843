-- In which state do the recids of the page stand?
CREATE VIEW shown_standing AS
FROM all_standing SEMI JOIN shown USING (collection, recid);
