-- What did runs do for the recids that were planned, against their latest plan? One row for each collection and thing that was
-- planned, over the recids that ran since; those that differ are counted, and the one that differs most is named.
--
--   published      recids that end in the repository
--   files          that the record lists
--   read_bytes     of files, from the source
--   sent_bytes     of files and archives, into the repository
--   archives       and archive_bytes: ZIPs that were written or sent
--   lost_leaves    of the metadata: dropped or unmapped
--   calls S        requests to the system S, repeated ones too
CREATE VIEW plan_and_fact AS
WITH plans AS (
    SELECT collection, recid, max(ts) AS planned_ts, arg_max(plan, (ts, writer, sequence)) AS plan
    FROM known_events WHERE kind = 'planned' GROUP BY ALL
),
later AS (
    SELECT known_events.* FROM known_events JOIN plans USING (collection, recid)
    WHERE ts > planned_ts AND kind IN ('outcome', 'file', 'archive', 'call', 'leaves')
),
ran AS (SELECT plans.* FROM plans SEMI JOIN (FROM later WHERE kind = 'outcome') AS told USING (collection, recid)),
last_told AS (
    SELECT collection, recid, stage, arg_max(status, ts) IN (SELECT statuses.status FROM statuses WHERE succeeded) AS good,
           arg_max(files, ts) AS files
    FROM later WHERE kind = 'outcome' GROUP BY ALL
),
last_leaves AS (
    SELECT collection, recid, arg_max(leaves, (ts, sequence)) AS leaves FROM later WHERE kind = 'leaves' GROUP BY ALL
),
expected AS (
    SELECT collection, recid, what, amount FROM (
        SELECT collection, recid,
               CAST(plan.status IN (SELECT statuses.status FROM statuses WHERE succeeded) AS BIGINT) AS published,
               plan.files AS files, plan.read_bytes AS read_bytes, plan.sent_bytes AS sent_bytes, plan.archives AS archives,
               plan.archive_bytes AS archive_bytes, plan.lost_leaves AS lost_leaves
        FROM ran
    ) UNPIVOT (amount FOR what IN (published, files, read_bytes, sent_bytes, archives, archive_bytes, lost_leaves))
    UNION ALL
    SELECT collection, recid, 'calls ' || call.system, call.calls
    FROM (SELECT collection, recid, unnest(plan.calls) AS call FROM ran)
),
facts AS (
    SELECT collection, recid, 'published' AS what, CAST(good AS BIGINT) AS amount
    FROM last_told WHERE stage = (SELECT arg_max(stages.stage, stages.position) FROM stages)
    UNION ALL
    SELECT collection, recid, 'files', files FROM last_told WHERE stage = 'raw_files' AND good
    UNION ALL
    SELECT collection, recid, 'read_bytes', sum(size_bytes) FROM later
    WHERE kind = 'file' AND way = 'in' AND how = 'moved' GROUP BY ALL
    UNION ALL
    SELECT collection, recid, 'sent_bytes', sum(size_bytes) FROM later
    WHERE kind = 'file' AND way = 'out' AND how = 'sent' GROUP BY ALL
    UNION ALL
    SELECT collection, recid, 'archives', count(*) FROM later WHERE kind = 'archive' GROUP BY ALL
    UNION ALL
    SELECT collection, recid, 'archive_bytes', sum(size_bytes) FROM later WHERE kind = 'archive' GROUP BY ALL
    UNION ALL
    SELECT collection, recid, 'lost_leaves', sum(leaf.leaves) FILTER (WHERE leaf.fate IN ('dropped', 'unmapped'))
    FROM (SELECT collection, recid, unnest(leaves) AS leaf FROM last_leaves) GROUP BY ALL
    UNION ALL
    SELECT collection, recid, 'calls ' || system, count(*) FROM later WHERE kind = 'call' GROUP BY ALL
),
compared AS (
    SELECT coalesce(expected.collection, facts.collection) AS collection, coalesce(expected.recid, facts.recid) AS recid,
           coalesce(expected.what, facts.what) AS what, coalesce(expected.amount, 0) AS planned,
           as_bigint(coalesce(facts.amount, 0)) AS fact
    FROM expected FULL JOIN facts
        ON facts.collection = expected.collection AND facts.recid = expected.recid AND facts.what = expected.what
)
SELECT
    collection,
    what,
    as_bigint(sum(planned)) AS planned,
    as_bigint(sum(fact)) AS fact,
    sum(fact) / nullif(sum(planned), 0) - 1 AS error,
    count(*) FILTER (WHERE fact <> planned) AS recids_off,
    coalesce(arg_max(recid, abs(fact - planned)) FILTER (WHERE fact <> planned), '') AS most_off
FROM compared
GROUP BY collection, what;
