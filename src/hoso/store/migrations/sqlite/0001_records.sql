-- The record store. Current state and indexes are views of the change log; see docs/explanation/store.md.
-- Times are milliseconds since 1970 UTC. `type` is the number of a resource type in the R4 model (append-only list).
-- `patient` is the `rid` of the Patient whose record it is (else the resource's own rid). It stands in every row, key
-- and query, so that the same schema can be distributed by patient.

-- Facts of this database: the secret of its hashes, its node and epoch, the tag of its versions.
CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE dictionary (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

-- Where is Type/id? A row exists also for the target of a reference that has not arrived yet.
CREATE TABLE key (
  type INTEGER NOT NULL, id TEXT NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX key_rid ON key (rid);

-- The head of every resource. `date` is the type's clinical date, `present` a bit per search parameter with a value,
-- `systems` and `texts` numbers of sets in the tables of that name (0: none, or it is deleted).
CREATE TABLE resource (
  patient INTEGER NOT NULL, rid INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT NOT NULL,
  version TEXT NOT NULL, seq INTEGER NOT NULL, updated INTEGER NOT NULL, date INTEGER,
  present INTEGER NOT NULL, deleted INTEGER NOT NULL, systems INTEGER NOT NULL, texts INTEGER NOT NULL,
  PRIMARY KEY (patient, rid)
) WITHOUT ROWID;
CREATE INDEX resource_type ON resource (type, updated, rid);
CREATE INDEX resource_rid ON resource (type, rid);
CREATE INDEX resource_date ON resource (type, date, rid);
CREATE INDEX resource_systems ON resource (systems);
CREATE INDEX resource_texts ON resource (texts);

-- Every accepted change, never altered. `digest` is the SHA-256 of its envelope and body (see store/chain.py),
-- `bundle` the group it was saved with as number `place` of `places`, `size` the length of the body.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, bundle BLOB, place INTEGER NOT NULL, places INTEGER NOT NULL,
  op INTEGER NOT NULL, method INTEGER NOT NULL, type INTEGER NOT NULL, rid INTEGER NOT NULL, version TEXT NOT NULL,
  base TEXT, patient INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, time INTEGER NOT NULL,
  size INTEGER NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX change_rid ON change (rid, seq);
CREATE INDEX change_type ON change (type, time, seq);
CREATE INDEX change_time ON change (time, seq);

-- The JSON text of a version, zstd with dictionary `dict` (0: none). A deletion has none. A table by number like the
-- log it belongs to: it grows at its end, and long bodies fill their pages.
CREATE TABLE body (seq INTEGER PRIMARY KEY, patient INTEGER NOT NULL, dict INTEGER NOT NULL, bytes BLOB NOT NULL);

-- A stream is what one node wrote in one epoch; numbered densely from 1, each number chained to the one before.
CREATE TABLE stream (id INTEGER PRIMARY KEY, node TEXT NOT NULL, epoch TEXT NOT NULL, UNIQUE (node, epoch));

-- The feed: dense numbers of committed changes, over all streams.
CREATE TABLE feed (
  number INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, stream INTEGER NOT NULL, position INTEGER NOT NULL,
  chain BLOB NOT NULL,
  UNIQUE (stream, position)
);

-- Search index: b-trees only. `key` is a 64-bit keyed hash; store/index.py says what goes into it and every column.
CREATE TABLE token (
  key INTEGER NOT NULL, patient INTEGER NOT NULL, date INTEGER NOT NULL, rid INTEGER NOT NULL, system INTEGER NOT NULL,
  PRIMARY KEY (key, patient, date, rid, system)
) WITHOUT ROWID;
CREATE INDEX token_rid ON token (patient, rid);
-- What a key of `token` says, to sort by: once for all records.
CREATE TABLE codes (key INTEGER PRIMARY KEY, param INTEGER NOT NULL, code TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE systems (key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
CREATE TABLE texts (
  key INTEGER NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL, exact INTEGER NOT NULL, long TEXT,
  PRIMARY KEY (key, value, number, exact)
) WITHOUT ROWID;
CREATE TABLE ref (
  target INTEGER NOT NULL, key INTEGER NOT NULL, patient INTEGER NOT NULL, date INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (target, key, patient, date, rid)
) WITHOUT ROWID;
CREATE INDEX ref_rid ON ref (patient, rid, key, target);
CREATE TABLE date (
  key INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (key, low, high, patient, rid)
) WITHOUT ROWID;
CREATE INDEX date_rid ON date (patient, rid, key, low, high);
CREATE INDEX date_long ON date (key, high) WHERE high > low + 86400000;
CREATE TABLE string (
  key INTEGER NOT NULL, value TEXT NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL, exact INTEGER NOT NULL,
  long TEXT,
  PRIMARY KEY (key, value, patient, rid, exact)
) WITHOUT ROWID;
CREATE INDEX string_rid ON string (patient, rid, key);
CREATE TABLE quantity (
  key INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL,
  system INTEGER NOT NULL, code INTEGER NOT NULL, unit INTEGER NOT NULL, part INTEGER NOT NULL,
  PRIMARY KEY (key, low, high, patient, rid, system, code, unit, part)
) WITHOUT ROWID;
CREATE INDEX quantity_rid ON quantity (patient, rid, key);
CREATE INDEX quantity_wide ON quantity (key, high) WHERE high > low;

-- Work to be done after a commit; enqueued in the transaction that causes it. `state`: see store/jobs.py.
CREATE TABLE job (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, argument TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL,
  state INTEGER NOT NULL, taken INTEGER, error TEXT
);
CREATE INDEX job_due ON job (state, due, id);

-- Bearer tokens of systems: only the SHA-256 of a token is kept.
CREATE TABLE access_token (
  digest BLOB PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER,
  revoked INTEGER
) WITHOUT ROWID;
