-- Imports of many records: files that were uploaded, what is to become of them, and how far it is. `done` counts the files
-- that are stored, `line` the lines of the one at work; a piece has the outcomes of refused lines. `lines` is -1 until whole.
CREATE TABLE import_file (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, caller TEXT NOT NULL, created INTEGER NOT NULL,
  lines INTEGER NOT NULL, size INTEGER NOT NULL, job TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE import_job (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, caller TEXT NOT NULL, request TEXT NOT NULL,
  asked TEXT NOT NULL, errand TEXT NOT NULL, created INTEGER NOT NULL, state INTEGER NOT NULL, done INTEGER NOT NULL,
  line INTEGER NOT NULL, counts TEXT NOT NULL, attempts INTEGER NOT NULL, fault TEXT, expires INTEGER
) WITHOUT ROWID;
CREATE TABLE import_piece (
  job TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, lines INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (job, number)
) WITHOUT ROWID;
