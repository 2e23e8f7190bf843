-- One row for each outcome: what one stage did for one recid at one time.
CREATE TABLE events (
    ts              TIMESTAMP NOT NULL,  -- when the stage ended, UTC
    run_id          VARCHAR NOT NULL,      -- the Dagster run, or '' outside of one
    source          VARCHAR NOT NULL,      -- opendata, ...
    recid           VARCHAR NOT NULL,
    stage           VARCHAR NOT NULL,      -- raw_record, raw_files, metadata, archive, published_record
    status          VARCHAR NOT NULL,      -- done, unchanged, waiting, failed, rejected, withdrawn
    elapsed_seconds DOUBLE NOT NULL,
    size_bytes      HUGEINT NOT NULL,      -- bytes of the files the stage stands for
    files           BIGINT NOT NULL,
    findings        BIGINT NOT NULL,
    code            VARCHAR NOT NULL,      -- kind of problem, '' if none
    message         VARCHAR NOT NULL,      -- the problem's own words, '' if none
    url             VARCHAR NOT NULL       -- the page a person opens
);
