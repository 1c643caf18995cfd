-- What became of items of a deposit, and whether any still waits, as one statement whose plans are kept.
-- `items` is a list of objects: number, state, label, digest, issues and wrote; `datas` and `mendings` stand beside them.
CREATE FUNCTION hoso_settle(
  which TEXT, items jsonb, datas bytea[], mendings bytea[], until bigint, salts bytea[], texts bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  waits boolean;
BEGIN
  UPDATE deposit_item i SET state = w.state, label = w.label, digest = w.digest, issues = w.issues, wrote = w.wrote,
    data = datas[w.at], mended = mendings[w.at]
  FROM ROWS FROM (jsonb_to_recordset(items) AS (number bigint, state bigint, label TEXT, digest TEXT, issues TEXT, wrote TEXT))
    WITH ORDINALITY AS w (number, state, label, digest, issues, wrote, at)
  WHERE i.deposit = which AND i.number = w.number;
  waits := EXISTS (SELECT 1 FROM deposit_item WHERE deposit = which AND state IN (0, 1));
  IF waits THEN
    UPDATE deposit SET taken = until WHERE id = which;
  ELSE
    UPDATE deposit SET taken = 0, state = 2 WHERE id = which AND state = 1;
  END IF;
  PERFORM hoso_audit(salts, texts);
  RETURN NOT waits;
END $$;

-- A deposit with its items, and the events that tell of it; a second time it changes nothing.
CREATE FUNCTION hoso_deposit(one jsonb, items jsonb, datas bytea[], mendings bytea[], salts bytea[], texts bytea[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO deposit SELECT * FROM jsonb_populate_record(NULL::deposit, one) ON CONFLICT DO NOTHING;
  INSERT INTO deposit_item (deposit, number, state, label, digest, issues, wrote, data, mended)
  SELECT one ->> 'id', w.number, w.state, w.label, w.digest, w.issues, w.wrote, datas[w.at], mendings[w.at]
  FROM ROWS FROM (jsonb_to_recordset(items) AS (number bigint, state bigint, label TEXT, digest TEXT, issues TEXT, wrote TEXT))
    WITH ORDINALITY AS w (number, state, label, digest, issues, wrote, at)
  ON CONFLICT DO NOTHING;
  PERFORM hoso_audit(salts, texts);
END $$;
