-- Accounts of facilities at the gateway, and who is signed in there. Secrets are kept as digests only.
CREATE TABLE gateway_account (
  username TEXT PRIMARY KEY, facility TEXT NOT NULL, digest BLOB NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL,
  revoked INTEGER
) WITHOUT ROWID;
CREATE TABLE gateway_session (
  digest BLOB PRIMARY KEY, second BLOB NOT NULL, username TEXT NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX gateway_session_expires ON gateway_session (expires);
