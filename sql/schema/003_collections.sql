-- Which collection an outcome belongs to, and the target's address. NULL in events that are older than collections.
ALTER TABLE events ADD COLUMN collection VARCHAR;
ALTER TABLE events ADD COLUMN repository VARCHAR;
