-- Which events are lost of which a steward said why? One row for each gap in a writer's numbers, with what was said last.
CREATE VIEW known_losses AS
SELECT gaps.writer, gaps.first, gaps.last, arg_max(losses.said, losses.rowid) AS said
FROM event_gaps AS gaps
JOIN losses ON losses.writer = gaps.writer AND losses.first <= gaps.first AND losses.last >= gaps.last
GROUP BY ALL;
