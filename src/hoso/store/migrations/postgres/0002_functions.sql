-- A plan is written by one call, so a batch is one round trip and one transaction. Rows of numbers come as text of
-- arrays, one per column, which PostgreSQL reads several times faster than JSON; bytes come as base64. Rows are looked
-- up by subqueries and not joined, so that the planner cannot choose to read a whole table for a few of its rows.

-- Writes a plan (see store/plan.py), or raises HS001 when what it was made from no longer holds.
CREATE FUNCTION hoso_commit(batch jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  done bigint;
  seqs bigint[];
BEGIN
  IF batch ? 'keys' THEN
    INSERT INTO key (type, id, patient, rid)
      SELECT t, i, p, r FROM jsonb_to_recordset(batch->'keys') AS k (t smallint, i text, p bigint, r bigint)
      ORDER BY t, i COLLATE "C" ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> jsonb_array_length(batch->'keys') THEN
      RAISE EXCEPTION 'a name was taken meanwhile' USING ERRCODE = 'HS001';
    END IF;
  END IF;

  IF batch ? 'expected' THEN
    PERFORM 1 FROM (SELECT r FROM jsonb_to_recordset(batch->'expected') AS e (r bigint) ORDER BY r OFFSET 0) AS e
      CROSS JOIN LATERAL (SELECT 1 FROM key WHERE rid = e.r FOR UPDATE) AS k;
    SELECT count(*) INTO done
      FROM jsonb_to_recordset(batch->'expected') AS e (r bigint, p bigint, v text COLLATE "C")
      WHERE (SELECT k.patient FROM key k WHERE k.rid = e.r) = e.p
        AND (SELECT h.version FROM resource h WHERE h.patient = e.p AND h.rid = e.r) IS NOT DISTINCT FROM e.v;
    IF done <> jsonb_array_length(batch->'expected') THEN
      RAISE EXCEPTION 'a head has moved meanwhile' USING ERRCODE = 'HS001';
    END IF;
  END IF;

  IF batch ? 'moves' THEN
    UPDATE key k SET patient = m.p FROM jsonb_to_recordset(batch->'moves') AS m (r bigint, p bigint)
      WHERE k.rid = m.r;
    DELETE FROM resource h USING jsonb_to_recordset(batch->'expected') AS e (r bigint, p bigint, g boolean)
      WHERE e.g AND h.patient = e.p AND h.rid = e.r;
  END IF;

  -- After the locks, so that of two versions of one record the later one has the higher number.
  SELECT array_agg(nextval('change_seq')) INTO seqs
    FROM generate_series(1, jsonb_array_length(batch->'changes'));
  INSERT INTO change (seq, id, bundle, place, places, op, method, type, rid, version, base, patient, actor, reason,
      time, size, digest)
    SELECT seqs[n], decode(i, 'base64'), decode(batch->>'bundle', 'base64'), n, cardinality(seqs), o, m, t, r, v, b, p,
      batch->>'actor', batch->>'reason', at, s, decode(d, 'base64')
    FROM jsonb_to_recordset(batch->'changes') AS c (n integer, i text, o smallint, m smallint, t smallint, r bigint,
      v text, b text, p bigint, at bigint, s integer, d text);
  INSERT INTO pending (seq, stream) SELECT s, (batch->>'stream')::smallint FROM unnest(seqs) AS u (s);
  IF batch ? 'bodies' THEN
    INSERT INTO body (patient, seq, dict, bytes)
      SELECT p, seqs[n], d, decode(t, 'base64')
      FROM jsonb_to_recordset(batch->'bodies') AS b (n integer, p bigint, d smallint, t text);
  END IF;
  INSERT INTO resource (patient, rid, type, id, version, seq, updated, date, present, deleted, systems, texts)
    SELECT p, r, t, i, v, seqs[n], u, d, s, x, y, z
    FROM jsonb_to_recordset(batch->'heads') AS h (n integer, p bigint, r bigint, t smallint, i text, v text, u bigint,
      d bigint, s bigint, x smallint, y bigint, z bigint)
    ON CONFLICT (patient, rid) DO UPDATE SET version = excluded.version, seq = excluded.seq,
      updated = excluded.updated, date = excluded.date, present = excluded.present, deleted = excluded.deleted,
      systems = excluded.systems, texts = excluded.texts;
  IF batch ? 'systems' THEN
    INSERT INTO systems (key, number)
      SELECT k, n FROM jsonb_to_recordset(batch->'systems') AS s (k bigint, n bigint) ON CONFLICT DO NOTHING;
  END IF;
  IF batch ? 'codes' THEN
    INSERT INTO codes (key, param, code)
      SELECT k, p, c FROM jsonb_to_recordset(batch->'codes') AS s (k bigint, p bigint, c text) ON CONFLICT DO NOTHING;
  END IF;
  IF batch ? 'texts' THEN
    INSERT INTO texts (key, value, number, exact, long)
      SELECT k, v, n, e, l FROM jsonb_to_recordset(batch->'texts') AS s (k bigint, v text, n bigint, e bigint, l text)
      ON CONFLICT DO NOTHING;
  END IF;

  IF batch ? 'remove' THEN
    PERFORM hoso_unindex(batch->'remove');
  END IF;
  PERFORM hoso_index(batch->'add');
END $$;

CREATE FUNCTION hoso_index(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  cols := rows->'token';
  IF cols IS NOT NULL THEN
    INSERT INTO token SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::integer[]);
  END IF;
  cols := rows->'ref';
  IF cols IS NOT NULL THEN
    INSERT INTO ref SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[]);
  END IF;
  cols := rows->'date';
  IF cols IS NOT NULL THEN
    INSERT INTO date SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[]);
  END IF;
  cols := rows->'string';
  IF cols IS NOT NULL THEN
    INSERT INTO string (key, value, patient, rid, exact, long) SELECT k, v, p, r, e, l FROM jsonb_to_recordset(cols)
      AS s (k bigint, v text, p bigint, r bigint, e bigint, l text);
  END IF;
  cols := rows->'quantity';
  IF cols IS NOT NULL THEN
    INSERT INTO quantity SELECT * FROM unnest((cols->>0)::bigint[], (cols->>1)::double precision[],
      (cols->>2)::double precision[], (cols->>3)::bigint[], (cols->>4)::bigint[], (cols->>5)::integer[],
      (cols->>6)::integer[], (cols->>7)::integer[], (cols->>8)::integer[]);
  END IF;
END $$;

CREATE FUNCTION hoso_unindex(rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cols jsonb;
BEGIN
  cols := rows->'token';
  IF cols IS NOT NULL THEN
    DELETE FROM token t USING unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::integer[]) AS g (key, patient, date, rid, system)
      WHERE t.key = g.key AND t.patient = g.patient AND t.date = g.date AND t.rid = g.rid AND t.system = g.system;
  END IF;
  cols := rows->'ref';
  IF cols IS NOT NULL THEN
    DELETE FROM ref t USING unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[]) AS g (target, key, patient, date, rid)
      WHERE t.target = g.target AND t.key = g.key AND t.patient = g.patient AND t.date = g.date AND t.rid = g.rid;
  END IF;
  cols := rows->'date';
  IF cols IS NOT NULL THEN
    DELETE FROM date t USING unnest((cols->>0)::bigint[], (cols->>1)::bigint[], (cols->>2)::bigint[],
      (cols->>3)::bigint[], (cols->>4)::bigint[]) AS g (key, low, high, patient, rid)
      WHERE t.key = g.key AND t.low = g.low AND t.high = g.high AND t.patient = g.patient AND t.rid = g.rid;
  END IF;
  cols := rows->'string';
  IF cols IS NOT NULL THEN
    DELETE FROM string t USING jsonb_to_recordset(cols)
      AS g (k bigint, v text COLLATE "C", p bigint, r bigint, e bigint)
      WHERE t.key = g.k AND t.value = g.v AND t.patient = g.p AND t.rid = g.r AND t.exact = g.e;
  END IF;
  cols := rows->'quantity';
  IF cols IS NOT NULL THEN
    DELETE FROM quantity t USING unnest((cols->>0)::bigint[], (cols->>1)::double precision[],
      (cols->>2)::double precision[], (cols->>3)::bigint[], (cols->>4)::bigint[], (cols->>5)::integer[],
      (cols->>6)::integer[], (cols->>7)::integer[], (cols->>8)::integer[])
        AS g (key, low, high, patient, rid, system, code, unit, part)
      WHERE t.key = g.key AND t.low = g.low AND t.high = g.high AND t.patient = g.patient AND t.rid = g.rid
        AND t.system = g.system AND t.code = g.code AND t.unit = g.unit AND t.part = g.part;
  END IF;
END $$;

-- Gives the next feed numbers to committed changes, oldest first, and answers how many. Only the sequencer calls it.
CREATE FUNCTION hoso_number(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  row record;
  stream_at smallint;
  at bigint;
  hash bytea;
  seqs bigint[] := '{}';
  streams smallint[] := '{}';
  positions bigint[] := '{}';
  chains bytea[] := '{}';
BEGIN
  FOR row IN
    WITH taken AS (
      DELETE FROM pending WHERE seq IN (SELECT seq FROM pending ORDER BY seq LIMIT most) RETURNING seq, stream)
    SELECT t.seq, t.stream, (SELECT c.digest FROM change c WHERE c.seq = t.seq) AS digest FROM taken t
      ORDER BY t.stream, t.seq
  LOOP
    IF stream_at IS DISTINCT FROM row.stream THEN
      stream_at := row.stream;
      SELECT f.position, f.chain INTO at, hash FROM feed f
        WHERE f.stream = stream_at ORDER BY f.number DESC LIMIT 1;
      IF NOT FOUND THEN
        SELECT 0, sha256(convert_to(s.node || '/' || s.epoch, 'UTF8')) INTO at, hash FROM stream s
          WHERE s.id = stream_at;
      END IF;
    END IF;
    at := at + 1;
    hash := sha256(hash || int8send(at) || row.digest);
    seqs := seqs || row.seq;
    streams := streams || stream_at;
    positions := positions || at;
    chains := chains || hash;
  END LOOP;
  INSERT INTO feed (number, seq, position, stream, chain)
    SELECT (SELECT coalesce(max(number), 0) FROM feed) + n, s, p, m, c
    FROM unnest(seqs, streams, positions, chains) WITH ORDINALITY AS u (s, m, p, c, n);
  RETURN cardinality(seqs);
END $$;
