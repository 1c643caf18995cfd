-- Exports of many records (FHIR Bulk Data): what was asked, by whom, and how far it is. `owner` tells callers apart,
-- `done` counts the types that are written. A cancelled or expired one has no row; its files go after it.
CREATE TABLE export (
  id TEXT COLLATE "C" PRIMARY KEY, owner TEXT COLLATE "C" NOT NULL, caller TEXT COLLATE "C" NOT NULL,
  request TEXT COLLATE "C" NOT NULL, asked TEXT COLLATE "C" NOT NULL, errand TEXT COLLATE "C" NOT NULL,
  created bigint NOT NULL, state bigint NOT NULL, done bigint NOT NULL, progress TEXT COLLATE "C" NOT NULL,
  attempts bigint NOT NULL, fault TEXT COLLATE "C", expires bigint
);
CREATE TABLE export_file (
  export TEXT COLLATE "C" NOT NULL, number bigint NOT NULL, type TEXT COLLATE "C" NOT NULL, lines bigint NOT NULL,
  size bigint NOT NULL, PRIMARY KEY (export, number)
);
