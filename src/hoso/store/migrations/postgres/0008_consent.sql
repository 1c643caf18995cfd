-- What citizens permitted and denied: the rules of each Consent in force, an index of it like the others
-- (fhir/consents.py). 0 stands for any grantee, purpose, type, activity, label or record; the rules from `first` to before
-- `place` are inside it. A row names the patient of the Consent and reaches the person through `member`, so linking
-- rewrites nothing.
CREATE TABLE consent (
  patient bigint NOT NULL, rid bigint NOT NULL, place bigint NOT NULL, first bigint NOT NULL, permits bigint NOT NULL,
  since bigint NOT NULL, until bigint NOT NULL, grantee bigint NOT NULL, purpose bigint NOT NULL, type bigint NOT NULL,
  acts bigint NOT NULL, labels bigint NOT NULL, record bigint NOT NULL,
  PRIMARY KEY (patient, rid, place, first, permits, since, until, grantee, purpose, type, acts, labels, record)
);
CREATE INDEX consent_rid ON consent (rid, place);
CREATE INDEX consent_grantee ON consent (grantee) WHERE permits = 1;
CREATE INDEX consent_denial ON consent (patient) WHERE permits = 0;

ALTER FUNCTION hoso_index(jsonb) RENAME TO hoso_index_relations;
CREATE FUNCTION hoso_index(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  PERFORM hoso_index_relations(rows);
  cols := rows->'consent';
  IF cols IS NOT NULL THEN
    INSERT INTO consent SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[], (cols->>3)::bigint[], (cols->>4)::bigint[],
      (cols->>5)::bigint[], (cols->>6)::bigint[], (cols->>7)::bigint[], (cols->>8)::bigint[], (cols->>9)::bigint[],
      (cols->>10)::bigint[], (cols->>11)::bigint[], (cols->>12)::bigint[]);
  END IF;
END $$;
ALTER FUNCTION hoso_unindex(jsonb) RENAME TO hoso_unindex_relations;
CREATE FUNCTION hoso_unindex(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  PERFORM hoso_unindex_relations(rows);
  cols := rows->'consent';
  IF cols IS NOT NULL THEN
    DELETE FROM consent t USING unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[], (cols->>3)::bigint[], (cols->>4)::bigint[],
      (cols->>5)::bigint[], (cols->>6)::bigint[], (cols->>7)::bigint[], (cols->>8)::bigint[], (cols->>9)::bigint[],
      (cols->>10)::bigint[], (cols->>11)::bigint[], (cols->>12)::bigint[])
        AS g (patient, rid, place, first, permits, since, until, grantee, purpose, type, acts, labels, record)
      WHERE t.patient = g.patient AND t.rid = g.rid AND t.place = g.place AND t.first = g.first AND t.permits = g.permits AND t.since = g.since AND t.until = g.until AND t.grantee = g.grantee AND t.purpose = g.purpose AND t.type = g.type AND t.acts = g.acts AND t.labels = g.labels AND t.record = g.record;
  END IF;
END $$;
