-- What did each stage last say of each recid?
CREATE VIEW ledger_stages AS
SELECT collection, recid, position, ts, status FROM loose_reports
UNION ALL
SELECT collection, recid, report.position, report.ts, report.status
FROM (SELECT collection, recid, unnest(reports) AS report
      FROM kept_standing ANTI JOIN loose_reports USING (collection, recid)
      WHERE NOT EXISTS (FROM asked) OR (collection, recid) IN (SELECT (asked.collection, asked.recid) FROM asked));
