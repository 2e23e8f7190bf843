-- Which recids are there, and in which state is each? The entries without words, which a ledger keeps while it is open.
CREATE VIEW ledger_keys AS
SELECT collection, recid, state, ts, stages_told, registered, told, succeeded, unknown
FROM ledger_entries;
