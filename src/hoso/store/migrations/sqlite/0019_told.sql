-- How far the files of events that were told by themselves have been taken along (docs/decisions/0014-*.md).
CREATE TABLE audit_taken (file TEXT PRIMARY KEY, generation BLOB NOT NULL, upto INTEGER NOT NULL) WITHOUT ROWID;
