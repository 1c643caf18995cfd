-- A function in SQL is planned anew at each call, which cost more than what it did.
CREATE OR REPLACE FUNCTION hoso_audit(salts bytea[], texts bytea[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_event (salt, bytes) SELECT s, t FROM unnest(salts, texts) WITH ORDINALITY AS u (s, t, n) ORDER BY n;
END $$;
