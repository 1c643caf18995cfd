-- How nodes agree (docs/explanation/sync.md). A line is a stream as it is kept here, or a branch of one; its records are
-- kept word for word, each text once, whatever becomes of it: `sync_version` says which of them are in the record.
CREATE TABLE sync_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sync_line (
  id INTEGER PRIMARY KEY, node TEXT NOT NULL, epoch TEXT NOT NULL, branch TEXT NOT NULL, base INTEGER NOT NULL, before BLOB NOT NULL,
  last INTEGER NOT NULL, chain BLOB NOT NULL, judged INTEGER NOT NULL, UNIQUE (node, epoch, branch)
);
CREATE TABLE sync_text (digest BLOB PRIMARY KEY, dict INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sync_record (
  line INTEGER NOT NULL, number INTEGER NOT NULL, chain BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (line, number)
) WITHOUT ROWID;
CREATE TABLE sync_batch (line INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (line, last));
CREATE TABLE sync_held (
  line INTEGER NOT NULL, place INTEGER NOT NULL, change BLOB NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (line, place)
) WITHOUT ROWID;
CREATE INDEX sync_held_change ON sync_held (change);
-- Changes that are in the record: `number` and `chain` are the feed of this node, `position` stands in the stream.
CREATE TABLE sync_version (
  number INTEGER PRIMARY KEY, chain BLOB NOT NULL, change BLOB NOT NULL UNIQUE, node TEXT NOT NULL, epoch TEXT NOT NULL,
  branch TEXT NOT NULL, position INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, patient TEXT NOT NULL,
  digest BLOB NOT NULL
);
CREATE INDEX sync_version_name ON sync_version (type, id);
CREATE INDEX sync_version_patient ON sync_version (patient, node);
CREATE TABLE sync_patient (patient TEXT PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;
-- Versions of `change` that say again what was said, so that the head is what every node shows; `tagged`: with the tag.
CREATE TABLE sync_again (id BLOB PRIMARY KEY, change BLOB NOT NULL, tagged INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sync_cursor (hub TEXT NOT NULL, number INTEGER NOT NULL, chain BLOB NOT NULL, PRIMARY KEY (hub, number)) WITHOUT ROWID;
CREATE TABLE sync_receipt (
  node TEXT NOT NULL, epoch TEXT NOT NULL, branch TEXT NOT NULL, centre INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (node, epoch, branch, centre)
) WITHOUT ROWID;
CREATE TABLE sync_above (change BLOB PRIMARY KEY) WITHOUT ROWID;
