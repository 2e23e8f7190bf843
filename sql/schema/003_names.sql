-- The package's own tables of names, filled from it.
CREATE TABLE statuses (
    status    VARCHAR NOT NULL,
    state     VARCHAR NOT NULL,  -- of a recid whose stage ended so
    succeeded BOOLEAN NOT NULL
);
CREATE TABLE stages (
    stage    VARCHAR NOT NULL,
    position UTINYINT NOT NULL   -- 1, 2, ... in the order of the journey
);
CREATE TABLE kinds (
    kind VARCHAR NOT NULL        -- of events
);
