-- Who may reach whose record: facts of the policy (docs/explanation/access.md).

-- Who is tied to a patient by a record: an index of the record `rid` like the others (fhir/relations.py). `grantee` is
-- the rid of a facility or a practitioner, or the negative hash of a name; times are milliseconds, half open. A row
-- names the patient of a source record and reaches the person through `member`, so linking rewrites nothing.
CREATE TABLE relation (
  patient bigint NOT NULL, grantee bigint NOT NULL, kind smallint NOT NULL, since bigint NOT NULL, until bigint NOT NULL,
  rid bigint NOT NULL,
  PRIMARY KEY (patient, grantee, kind, since, until, rid)
);
CREATE INDEX relation_rid ON relation (rid);

-- What somebody was given by a human act: by the citizen, by a colleague, or by an emergency. Only `ended` changes.
CREATE TABLE access_grant (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, patient bigint NOT NULL, grantee TEXT NOT NULL, giver TEXT NOT NULL,
  since bigint NOT NULL, until bigint NOT NULL, ended bigint
);
CREATE INDEX access_grant_grantee ON access_grant (grantee, until);
CREATE INDEX access_grant_patient ON access_grant (patient, since);

-- The emergency behind a grant, and what the privacy officer found. `patient` of the grant is whose record it was.
CREATE TABLE emergency (
  id TEXT PRIMARY KEY, facility TEXT NOT NULL, code TEXT NOT NULL, words TEXT NOT NULL, score INTEGER NOT NULL,
  deadline bigint NOT NULL, told bigint, delay TEXT, officer TEXT, decided bigint, outcome TEXT, finding TEXT
);
CREATE INDEX emergency_queue ON emergency (facility, decided, deadline);
CREATE TABLE emergency_use (
  emergency TEXT NOT NULL, time bigint NOT NULL, request TEXT NOT NULL, type TEXT NOT NULL,
  PRIMARY KEY (emergency, time, request, type)
);

-- A citizen's one-time code, of which only the hash is kept: whoever brings it at a counter is given the grant.
CREATE TABLE access_code (
  digest bytea PRIMARY KEY, patient bigint NOT NULL, kind TEXT NOT NULL, made bigint NOT NULL, expires bigint NOT NULL,
  lasts bigint NOT NULL, used bigint
);

-- The index functions of 0002 and the new table beside theirs.
ALTER FUNCTION hoso_index(jsonb) RENAME TO hoso_index_values;
CREATE FUNCTION hoso_index(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  PERFORM hoso_index_values(rows);
  cols := rows->'relation';
  IF cols IS NOT NULL THEN
    INSERT INTO relation SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::smallint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[], (cols->>5)::bigint[]);
  END IF;
END $$;
ALTER FUNCTION hoso_unindex(jsonb) RENAME TO hoso_unindex_values;
CREATE FUNCTION hoso_unindex(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  PERFORM hoso_unindex_values(rows);
  cols := rows->'relation';
  IF cols IS NOT NULL THEN
    DELETE FROM relation t USING unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::smallint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[], (cols->>5)::bigint[]) AS g (patient, grantee, kind, since, until, rid)
      WHERE t.patient = g.patient AND t.grantee = g.grantee AND t.kind = g.kind AND t.since = g.since
        AND t.until = g.until AND t.rid = g.rid;
  END IF;
END $$;
