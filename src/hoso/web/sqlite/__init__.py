"""Django's database on the record store's own SQLite (apsw): one fixed, encrypted library in the whole program.

Python's bundled SQLite is too old to be trusted with a write-ahead log and cannot encrypt.
"""
