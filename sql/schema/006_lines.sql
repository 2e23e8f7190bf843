-- Columns of lines that came later; compacted ones that are older lack them.
ALTER TABLE lines ADD COLUMN transfer VARCHAR;  -- file: how it went to the target: L in one stream, M in parts
ALTER TABLE lines ADD COLUMN plan STRUCT(       -- planned: what a run was expected to do for the recid
    status VARCHAR, calls STRUCT(system VARCHAR, calls BIGINT)[], files BIGINT, read_bytes BIGINT, sent_bytes BIGINT,
    archives BIGINT, archive_bytes BIGINT, tape_bytes BIGINT, lost_leaves BIGINT
);
