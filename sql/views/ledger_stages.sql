-- What did each stage last say of each recid?
CREATE VIEW ledger_stages AS
SELECT collection, recid, position, ts, status FROM all_reports;
