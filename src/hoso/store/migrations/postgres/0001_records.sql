-- The record store on PostgreSQL: the tables of the SQLite schema under the same names. Text sorts by its bytes there too.
-- Times are milliseconds since 1970 UTC. `type` is the number of a resource type in the R4 model (append-only list).
-- `patient` is the `rid` of the Patient whose record it is (else the resource's own rid). It stands in every row, key
-- and query, so that the same schema can be distributed by patient.

CREATE SEQUENCE change_seq;
CREATE SEQUENCE rid_block;

-- Facts of this database: the secret of its hashes, its node and epoch, the tag of its versions.
CREATE TABLE node (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL);

CREATE TABLE dictionary (id smallint PRIMARY KEY, bytes bytea NOT NULL);

-- Where is Type/id? A row exists also for the target of a reference that has not arrived yet.
CREATE TABLE key (
  type smallint NOT NULL, id text COLLATE "C" NOT NULL, patient bigint NOT NULL, rid bigint NOT NULL,
  PRIMARY KEY (type, id)
);
CREATE UNIQUE INDEX key_rid ON key (rid);

-- The head of every resource. `date` is the type's clinical date, `present` a bit per search parameter with a value,
-- `systems` and `texts` numbers of sets in the tables of that name (0: none, or it is deleted).
CREATE TABLE resource (
  patient bigint NOT NULL, rid bigint NOT NULL, type smallint NOT NULL, id text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL, seq bigint NOT NULL, updated bigint NOT NULL, date bigint,
  present bigint NOT NULL, deleted smallint NOT NULL, systems bigint NOT NULL, texts bigint NOT NULL,
  PRIMARY KEY (patient, rid)
);
CREATE INDEX resource_type ON resource (type, updated);
CREATE INDEX resource_rid ON resource (type, rid);
CREATE INDEX resource_date ON resource (type, date);
CREATE INDEX resource_systems ON resource (systems);
CREATE INDEX resource_texts ON resource (texts);

-- Every accepted change, never altered. `digest` is the SHA-256 of its envelope and body (see store/chain.py),
-- `bundle` the group it was saved with as number `place` of `places`, `size` the length of the body.
CREATE TABLE change (
  seq bigint PRIMARY KEY, id bytea NOT NULL UNIQUE, bundle bytea, place integer NOT NULL, places integer NOT NULL,
  op smallint NOT NULL, method smallint NOT NULL, type smallint NOT NULL, rid bigint NOT NULL, version text COLLATE "C" NOT NULL,
  base text COLLATE "C", patient bigint NOT NULL, actor text COLLATE "C" NOT NULL, reason text COLLATE "C" NOT NULL, time bigint NOT NULL,
  size integer NOT NULL, digest bytea NOT NULL
);
CREATE INDEX change_rid ON change (rid, seq);
CREATE INDEX change_type ON change (type, time);
CREATE INDEX change_time ON change (time);

-- The JSON text of a version, zstd with dictionary `dict` (0: none). A deletion has none. Packed bytes are not packed
-- again.
CREATE TABLE body (
  seq bigint PRIMARY KEY, patient bigint NOT NULL, dict smallint NOT NULL, bytes bytea NOT NULL
);
ALTER TABLE body ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- A stream is what one node wrote in one epoch; numbered densely from 1, each number chained to the one before.
CREATE TABLE stream (id smallint PRIMARY KEY, node text COLLATE "C" NOT NULL, epoch text COLLATE "C" NOT NULL, UNIQUE (node, epoch));

-- Committed changes that have no number yet: written with the change, emptied by the sequencer. A reader that
-- followed `seq` would miss changes that commit late.
CREATE TABLE pending (seq bigint PRIMARY KEY, stream smallint NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The feed: dense numbers of committed changes, over all streams.
CREATE TABLE feed (
  number bigint PRIMARY KEY, seq bigint NOT NULL UNIQUE, position bigint NOT NULL, stream smallint NOT NULL,
  chain bytea NOT NULL
);

-- Search index: b-trees only. `key` is a 64-bit keyed hash; store/index.py says what goes into it and every column.
-- A row stands once, in its table: an index over all columns would be larger than the table. These lead to it by what is
-- searched first, and by the record; many rows share such a key, and PostgreSQL keeps a shared key once.
CREATE TABLE token (
  key bigint NOT NULL, patient bigint NOT NULL, date bigint NOT NULL, rid bigint NOT NULL, system integer NOT NULL
);
CREATE INDEX token_key ON token (key, patient);
CREATE INDEX token_rid ON token (patient, rid);
-- What a key of `token` says, to sort by: once for all records.
CREATE TABLE codes (key bigint PRIMARY KEY, param bigint NOT NULL, code text COLLATE "C" NOT NULL);
CREATE TABLE systems (key bigint NOT NULL, number bigint NOT NULL, PRIMARY KEY (key, number));
CREATE TABLE texts (
  key bigint NOT NULL, number bigint NOT NULL, exact bigint NOT NULL, value text COLLATE "C" NOT NULL, long text COLLATE "C",
  PRIMARY KEY (key, value, number, exact)
);
CREATE TABLE ref (
  target bigint NOT NULL, key bigint NOT NULL, patient bigint NOT NULL, date bigint NOT NULL, rid bigint NOT NULL
);
CREATE INDEX ref_target ON ref (target, key, patient);
CREATE INDEX ref_rid ON ref (patient, rid);
CREATE TABLE date (
  key bigint NOT NULL, low bigint NOT NULL, high bigint NOT NULL, patient bigint NOT NULL, rid bigint NOT NULL
);
CREATE INDEX date_low ON date (key, low);
CREATE INDEX date_rid ON date (patient, rid);
CREATE INDEX date_long ON date (key, high) WHERE high > low + 86400000;
CREATE TABLE string (
  key bigint NOT NULL, patient bigint NOT NULL, rid bigint NOT NULL, exact bigint NOT NULL,
  value text COLLATE "C" NOT NULL, long text COLLATE "C"
);
CREATE INDEX string_value ON string (key, value);
CREATE INDEX string_rid ON string (patient, rid);
CREATE TABLE quantity (
  key bigint NOT NULL, low double precision NOT NULL, high double precision NOT NULL, patient bigint NOT NULL, rid bigint NOT NULL,
  system integer NOT NULL, code integer NOT NULL, unit integer NOT NULL, part integer NOT NULL
);
CREATE INDEX quantity_low ON quantity (key, low);
CREATE INDEX quantity_rid ON quantity (patient, rid);
CREATE INDEX quantity_wide ON quantity (key, high) WHERE high > low;

-- One row per criterion of a conditional write: its lock keeps two of them from making the same record twice.
CREATE TABLE business_key (key bytea PRIMARY KEY, time bigint NOT NULL);

-- Work to be done after a commit; enqueued in the transaction that causes it. `state`: see store/jobs.py.
CREATE TABLE job (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, kind text COLLATE "C" NOT NULL, argument text COLLATE "C" NOT NULL, due bigint NOT NULL, attempts integer NOT NULL,
  state integer NOT NULL, taken bigint, error text COLLATE "C"
);
CREATE INDEX job_due ON job (state, due, id);

-- Bearer tokens of systems: only the SHA-256 of a token is kept.
CREATE TABLE access_token (
  digest bytea PRIMARY KEY, name text COLLATE "C" NOT NULL, scope text COLLATE "C" NOT NULL, created bigint NOT NULL, expires bigint,
  revoked bigint
);
