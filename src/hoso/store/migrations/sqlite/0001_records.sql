-- The record store. Current state and indexes are views of the change log; see docs/explanation/store.md.
-- Times are milliseconds since 1970 UTC. `type` is the number of a resource type in the R4 model (append-only list).
-- `patient` stands in every row, key and query, so that the same schema can be distributed by patient.

CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE dictionary (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

-- Where is Type/id? A row exists also for the target of a reference that has not arrived yet.
CREATE TABLE key (
  type INTEGER NOT NULL, id TEXT NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX key_rid ON key (rid);

-- The head of every resource. `date` is the type's clinical date, `present` a bit per search parameter with a value.
CREATE TABLE resource (
  patient INTEGER NOT NULL, rid INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT NOT NULL,
  version TEXT NOT NULL, seq INTEGER NOT NULL, updated INTEGER NOT NULL, date INTEGER,
  present INTEGER NOT NULL, deleted INTEGER NOT NULL,
  PRIMARY KEY (patient, rid)
) WITHOUT ROWID;
CREATE INDEX resource_type ON resource (type, updated, rid);
CREATE INDEX resource_rid ON resource (type, rid);
CREATE INDEX resource_date ON resource (patient, type, date, rid);

-- Every accepted change, never altered. `body` is the received text, zstd with dictionary `dict` (0: none).
CREATE TABLE change (
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, bundle BLOB, place INTEGER NOT NULL, places INTEGER NOT NULL,
  op INTEGER NOT NULL, method INTEGER NOT NULL, type INTEGER NOT NULL, rid INTEGER NOT NULL, version TEXT NOT NULL,
  base TEXT, patient INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, time INTEGER NOT NULL,
  size INTEGER NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX change_rid ON change (rid, seq);
CREATE INDEX change_type ON change (type, seq);

CREATE TABLE body (
  patient INTEGER NOT NULL, seq INTEGER NOT NULL, dict INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (patient, seq)
) WITHOUT ROWID;

-- The feed: dense numbers given after commit, with the stream of the node a change came from and the chain hash.
CREATE TABLE feed (
  number INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, node TEXT NOT NULL, epoch TEXT NOT NULL,
  stream INTEGER NOT NULL, chain BLOB NOT NULL,
  UNIQUE (node, epoch, stream)
);

-- Search index: b-trees only. `key` is a 64-bit keyed hash (see store/index.py for what goes into it).
CREATE TABLE token (
  key INTEGER NOT NULL, patient INTEGER NOT NULL, date INTEGER NOT NULL, rid INTEGER NOT NULL, system INTEGER NOT NULL,
  PRIMARY KEY (key, patient, date, rid, system)
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
CREATE TABLE string (
  key INTEGER NOT NULL, value TEXT NOT NULL, patient INTEGER NOT NULL, rid INTEGER NOT NULL, exact TEXT,
  PRIMARY KEY (key, value, patient, rid)
) WITHOUT ROWID;
CREATE INDEX string_rid ON string (patient, rid, key);
CREATE TABLE quantity (
  key INTEGER NOT NULL, unit INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
  patient INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY (key, unit, low, high, patient, rid)
) WITHOUT ROWID;
CREATE INDEX quantity_rid ON quantity (patient, rid, key);

-- One row per criterion of a conditional write: its lock keeps two of them from making the same record twice.
CREATE TABLE business_key (key BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;

-- Work to be done after a commit; enqueued in the transaction that causes it.
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
