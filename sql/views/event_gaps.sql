-- Which numbers of a writer are missing between those that are in the spool? One row for each gap.
CREATE VIEW event_gaps AS
WITH suspect AS (  -- numbers start at 1 and each stands once: the whole list is looked at only where that does not hold
    SELECT writer FROM all_lines WHERE writer IS NOT NULL AND sequence IS NOT NULL
    GROUP BY writer HAVING max(sequence) <> count(*)
),
numbered AS (
    SELECT writer, sequence, lag(sequence, 1, 0) OVER (PARTITION BY writer ORDER BY sequence) AS before
    FROM all_lines SEMI JOIN suspect USING (writer)
    WHERE sequence IS NOT NULL
)
SELECT writer, before + 1 AS first, sequence - 1 AS last
FROM numbered
WHERE sequence > before + 1;
