-- How many bytes came in and went out, and how many did not have to (`saved`)?
CREATE VIEW bytes_moved AS
SELECT
    collection,
    way,
    how,
    how IN ('kept', 'reused', 'by reference') AS saved,
    count(*) AS files,
    sum(size_bytes) AS size_bytes,
    sum(elapsed_seconds) AS elapsed_seconds
FROM known_events
WHERE kind = 'file'
GROUP BY ALL;
