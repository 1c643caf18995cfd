"""Local accounts: who may sign in here, in which role, at which facility. Made on the command line only.

The table lives apart from the records: DIR/accounts.db, encrypted, or the schema `accounts` on PostgreSQL.
"""
