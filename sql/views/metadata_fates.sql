-- Which fields of the source's metadata arrive, and which are lost? One row for each path and fate, of the last conversion of
-- each recid; `share` is that of the path's leaves.
CREATE VIEW metadata_fates AS
WITH conversions AS (
    SELECT collection, recid, (ts, sequence, writer) AS moment, leaves FROM known_events WHERE kind = 'leaves'
),
again AS (SELECT collection, recid, max(moment) AS last FROM conversions GROUP BY ALL HAVING count(*) > 1),
latest AS (
    SELECT conversions.* FROM conversions LEFT JOIN again USING (collection, recid) WHERE last IS NULL OR moment = last
),
told AS (SELECT collection, recid, unnest(leaves, recursive := true) FROM latest)
SELECT
    collection,
    path,
    fate,
    count(DISTINCT recid) AS recids,
    sum(leaves) AS leaves,
    sum(leaves) / sum(sum(leaves)) OVER (PARTITION BY collection, path) AS share
FROM told
GROUP BY collection, path, fate;
