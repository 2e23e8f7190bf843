-- How many recids stand in each state, and how many of them have a partition?
CREATE VIEW ledger_totals AS
SELECT state, count(*) AS recids, count(*) FILTER (WHERE registered) AS registered
FROM ledger_keys
GROUP BY state;
