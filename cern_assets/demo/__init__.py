"""What a newcomer can run without accounts: a small collection, a portal that serves it, and the demo over both.

Here belong made-up records with their bytes, and the imitation of CERN Open Data's API. The code that reads the real
portal is `cern_assets.sources.opendata`; it knows nothing of this package. Add a record to the sample when a kind of
record deserves to be seen in the demo, and a route to the portal when the real one has it and our client asks for it.
"""
