-- Which events are in the spool, compacted or not? One row for each that is whole and of a version that is known here.
CREATE MACRO known_in(lines_in) AS TABLE
SELECT * EXCLUDE (file) REPLACE (
    coalesce(version, 1) AS version,
    coalesce(kind, 'outcome') AS kind,
    coalesce(collection, source, '') AS collection
)
FROM query_table(lines_in)
WHERE coalesce(version, 1) <= known_version() AND coalesce(kind, 'outcome') IN (SELECT kinds.kind FROM kinds)
  AND ts IS NOT NULL AND recid IS NOT NULL AND stage IS NOT NULL
  AND (coalesce(kind, 'outcome') <> 'outcome' OR status IS NOT NULL);
CREATE VIEW known_events AS
FROM known_in('all_lines');
