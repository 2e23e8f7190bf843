-- One row for each line of the spool. A line that cannot be read has NULL everywhere but in `file`; a column that the
-- line's kind or version does not have is NULL, one that this version does not know is left out.
CREATE TABLE lines (
    file            VARCHAR,   -- the spool's file
    version         INTEGER,   -- of the line; NULL before there were versions
    kind            VARCHAR,   -- started, outcome, file, call, wait, archive, finding, leaves
    writer          VARCHAR,   -- the process that wrote it
    sequence        BIGINT,    -- 1, 2, 3 ... in the order in which the writer began them
    ts              TIMESTAMP, -- when the fact was complete, UTC
    run_id          VARCHAR,   -- the Dagster run, or '' outside of one
    collection      VARCHAR,   -- NULL in lines that are older than collections: the source's name
    source          VARCHAR,   -- opendata, ...
    repository      VARCHAR,   -- the target's address
    recid           VARCHAR,
    stage           VARCHAR,   -- raw_record, raw_files, metadata, archive, published_record
    status          VARCHAR,   -- outcome: done, unchanged, waiting, failed, rejected, redirected, left_out, withdrawn
    started         TIMESTAMP, -- outcome: when the stage began, UTC
    elapsed_seconds DOUBLE,    -- outcome, file, call, archive
    wait_seconds    DOUBLE,    -- call: held back by a pace, before it; wait
    size_bytes      BIGINT,    -- outcome: bytes of the files the stage stands for; file; archive
    files           BIGINT,    -- outcome; archive: members
    archives        BIGINT,    -- outcome: ZIPs among the files
    findings        BIGINT,    -- outcome
    code            VARCHAR,   -- outcome: kind of problem, '' if none; finding
    message         VARCHAR,   -- outcome: the problem's own words, '' if none
    url             VARCHAR,   -- outcome: the page a person opens
    key             VARCHAR,   -- file, archive: its name
    way             VARCHAR,   -- file: in, out
    how             VARCHAR,   -- file, archive: moved, kept, by reference, refused, sent, reused
    content_bytes   BIGINT,    -- archive: bytes of its members
    system          VARCHAR,   -- call: the source's name, files, repository
    method          VARCHAR,   -- call
    route           VARCHAR,   -- call: the path, with * for names
    http_status     INTEGER,   -- call: 0 if no answer came
    attempt         INTEGER,   -- call: 1, 2, ...
    reason          VARCHAR,   -- wait: slots, retry
    severity        VARCHAR,   -- finding: note, warning, error
    field           VARCHAR,   -- finding: where in the source's record
    count           BIGINT,    -- finding: in how many places
    leaves          STRUCT(path VARCHAR, fate VARCHAR, leaves BIGINT)[]  -- leaves: what became of the metadata
);
