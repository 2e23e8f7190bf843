-- Which bytes stay at the source by a collection's choice, and why? A row a recid and reason, of each file's last standing.
CREATE VIEW files_left_out AS
WITH ever AS (  -- most files never are: no other is looked at further
    SELECT DISTINCT collection, recid, key FROM known_events WHERE kind = 'file' AND way = 'in' AND how = 'left out'
),
standing AS (
    SELECT
        collection,
        recid,
        key,
        arg_max(how, ts) AS how,
        arg_max(reason, ts) AS reason,
        arg_max(size_bytes, ts) AS size_bytes
    FROM known_events JOIN ever USING (collection, recid, key)
    WHERE kind = 'file' AND way = 'in'
    GROUP BY ALL
)
SELECT collection, recid, reason, count(*) AS files, sum(size_bytes) AS size_bytes
FROM standing
WHERE how = 'left out'
GROUP BY ALL;
