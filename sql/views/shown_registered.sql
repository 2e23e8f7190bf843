-- Which recids of the page have a partition?
CREATE VIEW shown_registered AS
FROM registered SEMI JOIN shown USING (collection, recid);
