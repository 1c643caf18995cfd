-- Batches that no release so far could read: their numbers stand in `sync_record` only with the last, which has no text.
CREATE TABLE sync_closed (
  line bigint NOT NULL, first bigint NOT NULL, last bigint NOT NULL, change bytea NOT NULL, PRIMARY KEY (line, first)
);
