-- Nodes below this one, and codes by which one may become such: a code is kept as a digest only.
-- `contact` and `turn` are the last that were answered, so that no frame is answered twice.
CREATE TABLE sync_node (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, facility TEXT NOT NULL, public BLOB NOT NULL, parent TEXT NOT NULL,
  enrolled INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER, contact INTEGER NOT NULL, turn INTEGER NOT NULL, seen INTEGER, ahead INTEGER,
  told TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE sync_invite (
  digest BLOB PRIMARY KEY, name TEXT NOT NULL, facility TEXT NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL, used TEXT
) WITHOUT ROWID;
