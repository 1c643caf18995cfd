-- Who may reach whose record: facts of the policy (docs/explanation/access.md).

-- Who is tied to a patient by a record: an index of the record `rid` like the others (fhir/relations.py). `grantee` is
-- the rid of a facility or a practitioner, or the negative hash of a name; times are milliseconds, half open. A row
-- names the patient of a source record and reaches the person through `member`, so linking rewrites nothing.
CREATE TABLE relation (
  patient INTEGER NOT NULL, grantee INTEGER NOT NULL, kind INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
  rid INTEGER NOT NULL,
  PRIMARY KEY (patient, grantee, kind, since, until, rid)
) WITHOUT ROWID;
CREATE INDEX relation_rid ON relation (rid);

-- What somebody was given by a human act: by the citizen, by a colleague, or by an emergency. Only `ended` changes.
CREATE TABLE access_grant (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, patient INTEGER NOT NULL, grantee TEXT NOT NULL, giver TEXT NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL, ended INTEGER
) WITHOUT ROWID;
CREATE INDEX access_grant_grantee ON access_grant (grantee, until);
CREATE INDEX access_grant_patient ON access_grant (patient, since);

-- The emergency behind a grant, and what the privacy officer found. `patient` of the grant is whose record it was.
CREATE TABLE emergency (
  id TEXT PRIMARY KEY, facility TEXT NOT NULL, code TEXT NOT NULL, words TEXT NOT NULL, score INTEGER NOT NULL,
  deadline INTEGER NOT NULL, told INTEGER, delay TEXT, officer TEXT, decided INTEGER, outcome TEXT, finding TEXT
) WITHOUT ROWID;
CREATE INDEX emergency_queue ON emergency (facility, decided, deadline);
CREATE TABLE emergency_use (
  emergency TEXT NOT NULL, time INTEGER NOT NULL, request TEXT NOT NULL, type TEXT NOT NULL,
  PRIMARY KEY (emergency, time, request, type)
) WITHOUT ROWID;

-- A citizen's one-time code, of which only the hash is kept: whoever brings it at a counter is given the grant.
CREATE TABLE access_code (
  digest BLOB PRIMARY KEY, patient INTEGER NOT NULL, kind TEXT NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,
  lasts INTEGER NOT NULL, used INTEGER
) WITHOUT ROWID;
