"""The report: where ribbons lie, what a page says and does not let in, how it comes to its place."""
