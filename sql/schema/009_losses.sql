CREATE TABLE losses (       -- of events, that stewards know of
    writer VARCHAR NOT NULL,
    first  BIGINT NOT NULL,
    last   BIGINT NOT NULL,
    said   VARCHAR NOT NULL  -- why, by whom and when
);
