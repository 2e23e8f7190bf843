"""Stand-ins for outside systems only, configured by constructor, with a contract of their own to keep."""
