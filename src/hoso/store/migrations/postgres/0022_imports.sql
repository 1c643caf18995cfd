-- Imports of many records: files that were uploaded, what is to become of them, and how far it is. `done` counts the files
-- that are stored, `line` the lines of the one at work; a piece has the outcomes of refused lines. `lines` is -1 until whole.
CREATE TABLE import_file (
  id TEXT COLLATE "C" PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, caller TEXT COLLATE "C" NOT NULL, created bigint NOT NULL,
  lines bigint NOT NULL, size bigint NOT NULL, job TEXT COLLATE "C" NOT NULL
);
CREATE TABLE import_job (
  id TEXT COLLATE "C" PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, caller TEXT COLLATE "C" NOT NULL, request TEXT COLLATE "C" NOT NULL,
  asked TEXT COLLATE "C" NOT NULL, errand TEXT COLLATE "C" NOT NULL, created bigint NOT NULL, state bigint NOT NULL, done bigint NOT NULL,
  line bigint NOT NULL, counts TEXT COLLATE "C" NOT NULL, attempts bigint NOT NULL, fault TEXT COLLATE "C", expires bigint
);
CREATE TABLE import_piece (
  job TEXT COLLATE "C" NOT NULL, number bigint NOT NULL, place bigint NOT NULL, lines bigint NOT NULL, size bigint NOT NULL,
  PRIMARY KEY (job, number)
);
