-- How nodes agree (docs/explanation/sync.md). A line is a stream as it is kept here, or a branch of one; its records are
-- kept word for word, each text once, whatever becomes of it: `sync_version` says which of them are in the record.
CREATE TABLE sync_state (name TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);
CREATE TABLE sync_line (
  id bigint PRIMARY KEY, node TEXT COLLATE "C" NOT NULL, epoch TEXT COLLATE "C" NOT NULL,
  branch TEXT COLLATE "C" NOT NULL, base bigint NOT NULL, before bytea NOT NULL,
  last bigint NOT NULL, chain bytea NOT NULL, judged bigint NOT NULL, UNIQUE (node, epoch, branch)
);
CREATE TABLE sync_text (digest bytea PRIMARY KEY, dict bigint NOT NULL, bytes bytea NOT NULL);
CREATE TABLE sync_record (
  line bigint NOT NULL, number bigint NOT NULL, chain bytea NOT NULL, digest bytea NOT NULL, PRIMARY KEY (line, number)
);
CREATE TABLE sync_batch (line bigint NOT NULL, last bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (line, last));
CREATE TABLE sync_held (
  line bigint NOT NULL, place bigint NOT NULL, change bytea NOT NULL, reason TEXT COLLATE "C" NOT NULL, PRIMARY KEY (line, place)
);
CREATE INDEX sync_held_change ON sync_held (change);
-- Changes that are in the record: `number` and `chain` are the feed of this node, `position` stands in the stream.
CREATE TABLE sync_version (
  number bigint PRIMARY KEY, chain bytea NOT NULL, change bytea NOT NULL UNIQUE, node TEXT COLLATE "C" NOT NULL, epoch TEXT COLLATE "C" NOT NULL,
  branch TEXT COLLATE "C" NOT NULL, position bigint NOT NULL, type TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, patient TEXT COLLATE "C" NOT NULL,
  digest bytea NOT NULL
);
CREATE INDEX sync_version_name ON sync_version (type, id);
CREATE INDEX sync_version_patient ON sync_version (patient, node);
CREATE TABLE sync_patient (patient TEXT COLLATE "C" PRIMARY KEY, sum bigint NOT NULL);
-- Versions of `change` that say again what was said, so that the head is what every node shows; `tagged`: with the tag.
CREATE TABLE sync_again (id bytea PRIMARY KEY, change bytea NOT NULL, tagged bigint NOT NULL);
CREATE TABLE sync_cursor (hub TEXT COLLATE "C" NOT NULL, number bigint NOT NULL, chain bytea NOT NULL, PRIMARY KEY (hub, number));
CREATE TABLE sync_receipt (
  node TEXT COLLATE "C" NOT NULL, epoch TEXT COLLATE "C" NOT NULL, branch TEXT COLLATE "C" NOT NULL, centre bigint NOT NULL, bytes bytea NOT NULL,
  PRIMARY KEY (node, epoch, branch, centre)
);
CREATE TABLE sync_above (change bytea PRIMARY KEY);
