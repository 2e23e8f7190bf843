-- What compaction keeps of outcomes, so that the ledger need not read them again: one row a recid, its standing with the
-- words for it; and one row for each of its stages, with what it reported last.
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
    url         VARCHAR
);
CREATE TABLE kept_reports (
    collection VARCHAR,
    recid      VARCHAR,
    source     VARCHAR,
    repository VARCHAR,
    position   UTINYINT,
    ts         TIMESTAMP,
    status     VARCHAR,
    done_ts    TIMESTAMP,
    files      BIGINT,
    size_bytes BIGINT,
    code       VARCHAR,
    message    VARCHAR,
    url        VARCHAR
);
CREATE MACRO is_in_share(of_recid) AS TRUE;  -- replaced where recids are worked out a share of them at a time
