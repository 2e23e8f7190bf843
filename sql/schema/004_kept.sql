-- What compaction keeps of outcomes, so that the ledger need not read them again: one row a recid, its standing with the
-- words for it, and the last report of each stage.
CREATE TABLE kept_standing (
    collection  VARCHAR,
    recid       VARCHAR,
    source      VARCHAR,
    repository  VARCHAR,
    state       VARCHAR,
    position    UTINYINT,
    ts          TIMESTAMP,
    stages_told UTINYINT,
    files       BIGINT,
    size_bytes  BIGINT,
    code        VARCHAR,
    message     VARCHAR,
    url         VARCHAR,
    reports     STRUCT(position UTINYINT, ts TIMESTAMP, status VARCHAR, done_ts TIMESTAMP, files BIGINT,
                       size_bytes BIGINT, code VARCHAR, message VARCHAR, url VARCHAR)[]
);
