-- Which records are closed by what they say (docs/explanation/access.md). A label sticks to a record with all its versions.

-- A row for each record that has, had or inherits a label; masks of fhir/labels. `content`: said by any version's codes;
-- `hand`: written into any version; `inherited`: from the records it is made of; `lowered`: taken off by a human act.
-- `mask` is what counts: (content | hand | inherited) & ~lowered. Its first bit is shown to nobody.
CREATE TABLE label (
  rid bigint PRIMARY KEY, mask bigint NOT NULL, content bigint NOT NULL, hand bigint NOT NULL,
  inherited bigint NOT NULL, lowered bigint NOT NULL
);
CREATE INDEX label_nobody ON label (rid) WHERE mask & 1 = 1;

-- From whom a record inherits by one of its older versions; what its current version refers to stands in `ref`.
CREATE TABLE label_edge (source bigint NOT NULL, derived bigint NOT NULL, PRIMARY KEY (source, derived));
CREATE INDEX label_edge_derived ON label_edge (derived);

-- Human acts on labels, never changed; `seq` is the newest change of the record there was.
CREATE TABLE label_act (
  id TEXT PRIMARY KEY, rid bigint NOT NULL, seq bigint NOT NULL, time bigint NOT NULL, actor TEXT NOT NULL,
  raised bigint NOT NULL, lowered bigint NOT NULL, words TEXT NOT NULL
);
CREATE INDEX label_act_rid ON label_act (rid, time);

-- Labels were worked out before the write; whoever wrote meanwhile what they depend on makes it fail and begin again.
-- A lock belongs to a label and to what inherits from it: shared for who adds an heir, alone for who changes the label.
CREATE FUNCTION hoso_label(labels jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one record;
  takes bigint[] := labels->>'takes';
  gives bigint[] := labels->>'gives';
BEGIN
  FOR one IN SELECT b, bool_or(a) AS alone FROM (
      SELECT (r % 64)::integer AS b, false AS a FROM jsonb_to_recordset(labels->'seen') AS s (r bigint)
      UNION ALL SELECT (r % 64)::integer, true FROM jsonb_to_recordset(labels->'rows') AS w (r bigint)) AS locks
    GROUP BY b ORDER BY b
  LOOP
    IF one.alone THEN
      PERFORM pg_advisory_xact_lock(4847003, one.b);
    ELSE
      PERFORM pg_advisory_xact_lock_shared(4847003, one.b);
    END IF;
  END LOOP;
  PERFORM 1 FROM jsonb_to_recordset(labels->'seen')
      AS s (r bigint, m bigint, c bigint, h bigint, i bigint, l bigint) LEFT JOIN label t ON t.rid = s.r
    WHERE (s.c, s.h, s.i, s.l) IS DISTINCT FROM
      (coalesce(t.content, 0), coalesce(t.hand, 0), coalesce(t.inherited, 0), coalesce(t.lowered, 0));
  IF FOUND THEN
    RAISE EXCEPTION 'a label has changed meanwhile' USING ERRCODE = 'HS001';
  END IF;
  PERFORM 1 FROM jsonb_to_recordset(labels->'heirs') AS s (r bigint, n bigint)
    WHERE s.n <> (SELECT count(*) FROM ref f WHERE f.target = s.r AND f.key = ANY (takes))
      + (SELECT count(*) FROM key k JOIN ref f ON f.patient = k.patient AND f.rid = k.rid
         WHERE k.rid = s.r AND f.key = ANY (gives))
      + (SELECT count(*) FROM label_edge e WHERE e.source = s.r);
  IF FOUND THEN
    RAISE EXCEPTION 'an heir has come meanwhile' USING ERRCODE = 'HS001';
  END IF;
  INSERT INTO label (rid, mask, content, hand, inherited, lowered)
    SELECT r, m, c, h, i, l FROM jsonb_to_recordset(labels->'rows')
      AS w (r bigint, m bigint, c bigint, h bigint, i bigint, l bigint)
    ON CONFLICT (rid) DO UPDATE SET mask = excluded.mask, content = excluded.content, hand = excluded.hand,
      inherited = excluded.inherited, lowered = excluded.lowered;
  INSERT INTO label_edge (source, derived) SELECT s, d FROM jsonb_to_recordset(labels->'edges') AS e (s bigint, d bigint)
    ON CONFLICT DO NOTHING;
END $$;

ALTER FUNCTION hoso_commit(jsonb) RENAME TO hoso_commit_records;
CREATE FUNCTION hoso_commit(batch jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF batch ? 'labels' THEN
    PERFORM hoso_label(batch->'labels');
  END IF;
  PERFORM hoso_commit_records(batch);
END $$;
