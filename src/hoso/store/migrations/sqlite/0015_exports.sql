-- Exports of many records (FHIR Bulk Data): what was asked, by whom, and how far it is. `owner` tells callers apart,
-- `done` counts the types that are written. A cancelled or expired one has no row; its files go after it.
CREATE TABLE export (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, caller TEXT NOT NULL, request TEXT NOT NULL, asked TEXT NOT NULL,
  errand TEXT NOT NULL, created INTEGER NOT NULL, state INTEGER NOT NULL, done INTEGER NOT NULL, progress TEXT NOT NULL,
  attempts INTEGER NOT NULL, fault TEXT, expires INTEGER
) WITHOUT ROWID;
CREATE TABLE export_file (
  export TEXT NOT NULL, number INTEGER NOT NULL, type TEXT NOT NULL, lines INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (export, number)
) WITHOUT ROWID;
