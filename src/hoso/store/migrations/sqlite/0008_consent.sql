-- What citizens permitted and denied: the rules of each Consent in force, an index of it like the others
-- (fhir/consents.py). 0 stands for any grantee, purpose, type, activity, label or record; the rules from `first` to before
-- `place` are inside it. A row names the patient of the Consent and reaches the person through `member`, so linking
-- rewrites nothing.
CREATE TABLE consent (
  patient INTEGER NOT NULL, rid INTEGER NOT NULL, place INTEGER NOT NULL, first INTEGER NOT NULL, permits INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL, grantee INTEGER NOT NULL, purpose INTEGER NOT NULL, type INTEGER NOT NULL,
  acts INTEGER NOT NULL, labels INTEGER NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY (patient, rid, place, first, permits, since, until, grantee, purpose, type, acts, labels, record)
) WITHOUT ROWID;
CREATE INDEX consent_rid ON consent (rid, place);
CREATE INDEX consent_grantee ON consent (grantee) WHERE permits = 1;
CREATE INDEX consent_denial ON consent (patient) WHERE permits = 0;
