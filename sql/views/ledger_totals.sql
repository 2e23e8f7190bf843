-- Does every recid that came in stand in exactly one bucket? `in` is counted from the instance's partitions, the buckets
-- from what the stages reported; they are independent, and `balanced` says whether they agree.
CREATE VIEW ledger_totals AS
WITH counted AS (
    SELECT
        count(*) FILTER (WHERE state = 'published') AS published,
        count(*) FILTER (WHERE state = 'rejected') AS rejected,
        count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn,
        count(*) FILTER (WHERE NOT registered) AS unregistered
    FROM ledger_entries
),
came AS (
    SELECT count(*) AS "in" FROM registered
)
SELECT *, "in" = published + rejected + pending + withdrawn AS balanced
FROM came, counted;
