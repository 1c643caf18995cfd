-- Nodes below this one, and codes by which one may become such: a code is kept as a digest only.
-- `contact` and `turn` are the last that were answered, so that no frame is answered twice.
CREATE TABLE sync_node (
  id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, facility TEXT COLLATE "C" NOT NULL, public bytea NOT NULL, parent TEXT COLLATE "C" NOT NULL,
  enrolled bigint NOT NULL, expires bigint NOT NULL, revoked bigint, contact bigint NOT NULL, turn bigint NOT NULL, seen bigint, ahead bigint,
  told TEXT COLLATE "C" NOT NULL
);
CREATE TABLE sync_invite (
  digest bytea PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, facility TEXT COLLATE "C" NOT NULL, made bigint NOT NULL, expires bigint NOT NULL, used TEXT COLLATE "C"
);
