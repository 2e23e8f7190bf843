-- Which lines of the spool could not be read as events? Counted by file and reason.
CREATE VIEW unread_lines AS
SELECT
    file,
    CASE
        WHEN version > known_version() THEN 'version ' || version
        WHEN kind NOT IN (SELECT kinds.kind FROM kinds) THEN 'kind ' || kind
        WHEN ts IS NOT NULL AND recid IS NOT NULL AND status IS NOT NULL AND stage IS NOT NULL THEN 'stage ' || stage
        ELSE 'damaged'
    END AS reason,
    count(*) AS lines
FROM all_lines
WHERE version > known_version() OR kind NOT IN (SELECT kinds.kind FROM kinds)
   OR ts IS NULL OR recid IS NULL OR stage IS NULL OR (coalesce(kind, 'outcome') = 'outcome' AND status IS NULL)
   OR (coalesce(kind, 'outcome') = 'outcome' AND stage NOT IN (SELECT stages.stage FROM stages))
GROUP BY ALL;
