-- What became of items of a deposit, and whether any still waits, as one statement whose plans are kept.
CREATE FUNCTION hoso_settle(
  which TEXT, numbers bigint[], states bigint[], labels TEXT[], digests TEXT[], issued TEXT[], written TEXT[],
  datas bytea[], mendings bytea[], until bigint, salts bytea[], texts bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  waits boolean;
BEGIN
  FOR n IN 1 .. cardinality(numbers) LOOP
    UPDATE deposit_item SET state = states[n], label = labels[n], digest = digests[n], issues = issued[n],
      wrote = written[n], data = datas[n], mended = mendings[n]
    WHERE deposit = which AND number = numbers[n];
  END LOOP;
  waits := EXISTS (SELECT 1 FROM deposit_item WHERE deposit = which AND state IN (0, 1));
  IF waits THEN
    UPDATE deposit SET taken = until WHERE id = which;
  ELSE
    UPDATE deposit SET taken = 0, state = 2 WHERE id = which AND state = 1;
  END IF;
  PERFORM hoso_audit(salts, texts);
  RETURN NOT waits;
END $$;
