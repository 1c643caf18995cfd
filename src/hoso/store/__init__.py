"""Where records live: versions, one change log, current state, search index and jobs, on SQLite or PostgreSQL.

The same contract and the same tests hold for both engines; only `access` may call it.
"""
