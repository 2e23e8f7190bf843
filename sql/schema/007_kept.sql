-- What compaction keeps besides, so that no question reads all outcomes or all conversions again. Sums are over all attempts.
ALTER TABLE kept_reports ADD COLUMN good_ts TIMESTAMP;        -- when it last succeeded
ALTER TABLE kept_reports ADD COLUMN good_bytes BIGINT;        -- with how many bytes
ALTER TABLE kept_reports ADD COLUMN most_bytes BIGINT;
ALTER TABLE kept_reports ADD COLUMN attempts BIGINT;
ALTER TABLE kept_reports ADD COLUMN spent_seconds DOUBLE;
ALTER TABLE kept_standing ADD COLUMN told USMALLINT;          -- the stages that reported: see bit_of
ALTER TABLE kept_standing ADD COLUMN succeeded USMALLINT;     -- those whose last report is a success
ALTER TABLE kept_standing ADD COLUMN unknown BOOLEAN;         -- whether the last report of one is no status
ALTER TABLE kept_standing ADD COLUMN listed_bytes BIGINT;     -- of the files that the record listed when it was last read
ALTER TABLE kept_standing ADD COLUMN most_bytes BIGINT;       -- at most, at any time
ALTER TABLE kept_standing ADD COLUMN attempts BIGINT;         -- of the stage with the most
ALTER TABLE kept_standing ADD COLUMN spent_seconds DOUBLE;
ALTER TABLE kept_standing ADD COLUMN slowest UTINYINT;        -- position of the stage that took the longest
ALTER TABLE kept_standing ADD COLUMN slowest_seconds DOUBLE;
ALTER TABLE kept_standing ADD COLUMN said STRUCT(             -- what each stage last said, and when
    raw_record VARCHAR, raw_record_ts TIMESTAMP, raw_files VARCHAR, raw_files_ts TIMESTAMP, metadata VARCHAR,
    metadata_ts TIMESTAMP, archive VARCHAR, archive_ts TIMESTAMP, published_record VARCHAR, published_record_ts TIMESTAMP
);
CREATE TABLE kept_fates (   -- of the last compacted conversion of each recid; rows add up
    collection VARCHAR,
    path       VARCHAR,
    fate       VARCHAR,
    recids     BIGINT,
    leaves     BIGINT
);
CREATE MACRO bit_of(of_position) AS CAST(1 << CAST(of_position - 1 AS INTEGER) AS USMALLINT);
CREATE TABLE shown (        -- the recids of a page
    collection VARCHAR NOT NULL,
    recid      VARCHAR NOT NULL
);
