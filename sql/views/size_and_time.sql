-- Do large records take longer? Recids in cells of a tenth of a decade: bytes that a record lists against the seconds of all
-- its attempts, both as the cell's lower edge; less than a byte or a millisecond counts as one.
CREATE VIEW size_and_time AS
WITH by_recid AS (
    SELECT collection, recid, sum(elapsed_seconds) AS elapsed_seconds,
           coalesce(max(size_bytes) FILTER (WHERE stage IN ('raw_record', 'raw_files')), 0) AS size_bytes
    FROM outcomes GROUP BY ALL
)
SELECT
    collection,
    pow(10, floor(10 * log10(greatest(size_bytes, 1))) / 10) AS size_bytes,
    pow(10, floor(10 * log10(greatest(elapsed_seconds, 0.001))) / 10) AS elapsed_seconds,
    count(*) AS recids
FROM by_recid
GROUP BY ALL;
