-- Which fields of the source's metadata arrive, and which are lost? One row for each path and fate, of the last conversion of
-- each recid; `share` is that of the path's leaves.
CREATE VIEW metadata_fates AS
WITH summed AS (
    SELECT collection, path, fate, as_bigint(sum(recids)) AS recids, as_bigint(sum(leaves)) AS leaves
    FROM (FROM kept_fates UNION ALL BY NAME FROM loose_fates)
    GROUP BY collection, path, fate
)
SELECT *, leaves / sum(leaves) OVER (PARTITION BY collection, path) AS share
FROM summed
WHERE recids > 0;
