-- How long did work stand still, and for what, against the whole time of each stage (`stage`)?
--
--   stage  from the beginning of a stage to its end, all recids together
--   pace   calls held back by the pace that is kept towards their system
--   slots  large files that waited for others on their way
--   retry  pauses before something was tried again
--   tape   from the refusal of a file that is on tape to the next attempt that found it
--
-- Waits of threads that work side by side for one recid add up; `tape` lies between attempts, outside of `stage`.
CREATE VIEW waits AS
WITH attempts AS (
    SELECT collection, stage, status, code, ts,
           lead(started) OVER (PARTITION BY collection, recid, stage ORDER BY ts) AS next_started
    FROM outcomes
)
SELECT collection, stage, 'stage' AS what, sum(elapsed_seconds) AS seconds, count(*) AS times
FROM outcomes GROUP BY ALL
UNION ALL
SELECT collection, stage, 'pace', sum(wait_seconds), count(*)
FROM known_events WHERE kind = 'call' AND wait_seconds > 0 GROUP BY ALL
UNION ALL
SELECT collection, stage, reason, sum(wait_seconds), count(*)
FROM known_events WHERE kind = 'wait' GROUP BY ALL
UNION ALL
SELECT collection, stage, 'tape', sum(epoch(next_started - ts)), count(*)
FROM attempts WHERE status = 'waiting' AND code = 'FileOffline' AND next_started IS NOT NULL GROUP BY ALL;
