-- What came in by the doors for other software: a deposit, cut into items that are accepted or refused each by itself.
-- `data` is an item as it came, until a Binary keeps it; `mended` what somebody put in its place. Both are zstd.
CREATE TABLE deposit (
  id TEXT PRIMARY KEY, format TEXT NOT NULL, sender TEXT NOT NULL, facility TEXT NOT NULL, name TEXT NOT NULL,
  received INTEGER NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, signature TEXT NOT NULL, state INTEGER NOT NULL,
  attempts INTEGER NOT NULL, taken INTEGER NOT NULL, items INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deposit_same ON deposit (digest, facility);
CREATE INDEX deposit_open ON deposit (state, received, id);
CREATE TABLE deposit_item (
  deposit TEXT NOT NULL, number INTEGER NOT NULL, state INTEGER NOT NULL, label TEXT NOT NULL, digest TEXT NOT NULL,
  issues TEXT NOT NULL, wrote TEXT NOT NULL, data BLOB NOT NULL, mended BLOB NOT NULL,
  PRIMARY KEY (deposit, number)
) WITHOUT ROWID;
CREATE INDEX deposit_item_state ON deposit_item (deposit, state, number);
