-- Which events did a writer begin that are not in the spool, and nobody said why? One row for each gap in its numbers.
CREATE VIEW lost_events AS
SELECT gaps.* FROM event_gaps AS gaps
WHERE NOT EXISTS (
    SELECT 1 FROM losses
    WHERE losses.writer = gaps.writer AND losses.first <= gaps.first AND losses.last >= gaps.last
);
