-- What do archives cost and save? All that were written into the store (`moved`) or planned for an upload.
CREATE VIEW archives_written AS
SELECT
    collection,
    how,
    count(*) AS archives,
    sum(files) AS members,
    sum(content_bytes) AS content_bytes,
    sum(size_bytes) AS size_bytes,
    if(sum(content_bytes) > 0, sum(size_bytes) / sum(content_bytes), NULL) AS size_per_content,
    sum(elapsed_seconds) AS elapsed_seconds
FROM known_events
WHERE kind = 'archive'
GROUP BY ALL;
