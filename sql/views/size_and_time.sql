-- Do large records take longer? Recids in cells of a tenth of a decade: bytes that a record lists against the seconds of all
-- its attempts, both as the cell's lower edge; less than a byte or a millisecond counts as one.
CREATE VIEW size_and_time AS
SELECT
    collection,
    pow(10, floor(10 * log10(greatest(most_bytes, 1))) / 10) AS size_bytes,
    pow(10, floor(10 * log10(greatest(spent_seconds, 0.001))) / 10) AS elapsed_seconds,
    count(*) AS recids
FROM all_standing
GROUP BY ALL;
