-- Which calls had to be made again, and how did they end? One row for each route that was not well at the first attempt.
CREATE VIEW retries AS
SELECT
    collection,
    system,
    method,
    route,
    count(*) AS calls,
    count(*) FILTER (WHERE attempt > 1) AS repeated,
    max(attempt) AS most_attempts,
    count(*) FILTER (WHERE http_status = 0) AS unanswered,
    count(*) FILTER (WHERE http_status = 429) AS told_to_wait,
    count(*) FILTER (WHERE http_status >= 500) AS server_errors
FROM known_events
WHERE kind = 'call'
GROUP BY collection, system, method, route
HAVING repeated > 0 OR unanswered > 0 OR told_to_wait > 0 OR server_errors > 0;
