-- Batches that no release so far could read: their numbers stand in `sync_record` only with the last, which has no text.
CREATE TABLE sync_closed (
  line INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, change BLOB NOT NULL, PRIMARY KEY (line, first)
) WITHOUT ROWID;
