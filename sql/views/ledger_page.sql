-- Where do the recids of the page (`shown`) stand, and why? As the entries of all, of which no others are looked at.
CREATE VIEW ledger_page AS
FROM entries_of('shown_standing', 'shown_registered');
