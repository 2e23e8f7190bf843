-- One row for each line of the spool. A line that cannot be read has NULL everywhere but in `file`; a column that the
-- line's version does not have is NULL, one that this version does not know is left out.
CREATE TABLE lines (
    file            VARCHAR,   -- the spool's file
    version         INTEGER,   -- of the line; NULL before there were versions
    kind            VARCHAR,   -- 'outcome': what one stage did for one recid at one time
    writer          VARCHAR,   -- the process that wrote it, once a file
    sequence        BIGINT,    -- 1, 2, 3 ... in the order in which the writer began them
    ts              TIMESTAMP, -- when the stage ended, UTC
    run_id          VARCHAR,   -- the Dagster run, or '' outside of one
    collection      VARCHAR,   -- NULL in lines that are older than collections: the source's name
    source          VARCHAR,   -- opendata, ...
    repository      VARCHAR,   -- the target's address
    recid           VARCHAR,
    stage           VARCHAR,   -- raw_record, raw_files, metadata, archive, published_record
    status          VARCHAR,   -- done, unchanged, waiting, failed, rejected, withdrawn
    elapsed_seconds DOUBLE,
    size_bytes      BIGINT,    -- bytes of the files the stage stands for
    files           BIGINT,
    findings        BIGINT,
    code            VARCHAR,   -- kind of problem, '' if none
    message         VARCHAR,   -- the problem's own words, '' if none
    url             VARCHAR    -- the page a person opens
);
