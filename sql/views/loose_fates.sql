-- What do conversions since the last compaction change in the fates that are kept? Those of the last conversion of each recid that
-- was converted since are added, and those of the one that was the last before are taken off.
CREATE VIEW loose_fates AS
WITH loose AS (
    SELECT collection, recid, (ts, sequence, writer) AS moment, leaves, FALSE AS compacted
    FROM known_in('loose_lines') WHERE kind = 'leaves' AND is_in_share(recid)
),
before AS (
    SELECT collection, recid, (ts, sequence, writer) AS moment, leaves, TRUE AS compacted
    FROM known_in('compacted_lines') SEMI JOIN loose USING (collection, recid) WHERE kind = 'leaves'
),
again AS (  -- most recids are converted once: of no other is the last one looked for
    SELECT collection, recid, max(moment) AS last, max(moment) FILTER (WHERE compacted) AS last_before
    FROM (SELECT collection, recid, moment, compacted FROM loose UNION ALL SELECT collection, recid, moment, compacted FROM before)
    GROUP BY collection, recid HAVING count(*) > 1
),
changes AS (
    SELECT all_of_them.collection, all_of_them.recid, leaves,
           coalesce(CAST(moment = last AS BIGINT), 1) - coalesce(CAST(moment = last_before AS BIGINT), 0) AS change
    FROM (FROM loose UNION ALL FROM before) AS all_of_them LEFT JOIN again USING (collection, recid)
),
told AS (
    SELECT collection, recid, change, unnest(leaves, recursive := true) FROM changes WHERE change <> 0
)
SELECT collection, path, fate, as_bigint(sum(change)) AS recids, as_bigint(sum(leaves)) AS leaves
FROM (
    SELECT collection, recid, change, path, fate, change * sum(leaves) AS leaves
    FROM told GROUP BY collection, recid, change, path, fate
)
GROUP BY collection, path, fate;
