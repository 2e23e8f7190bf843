"""The report of a collection: one page that needs no network and no JavaScript, of what telemetry and the ledger say.

`gathered` asks the views, `sankey` lays out flows (pure), `figures` draws with matplotlib, `page` puts the page
together and writes it. Every text that comes from records is data: figures take none of it, the page escapes it.
"""
