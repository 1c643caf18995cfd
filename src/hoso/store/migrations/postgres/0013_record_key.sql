-- Bodies of the special classes are sealed, each record's under a key of its own (docs/decisions/0012). A sealed body has
-- `dict` = -1 - the dictionary inside, and begins with the id of its key.

-- The keys, wrapped by the node's sealing key. A backup keeps them in a file of their own. Deleting the row is the erasure.
CREATE TABLE record_key (id bytea PRIMARY KEY, rid bigint NOT NULL, wrapped bytea NOT NULL, made bigint NOT NULL);
CREATE INDEX record_key_rid ON record_key (rid);

-- Requests to erase what carries some labels in one person's record: somebody asks, somebody else approves.
CREATE TABLE erasure_request (
  id text COLLATE "C" PRIMARY KEY, patient text COLLATE "C" NOT NULL, labels bigint NOT NULL, words text NOT NULL,
  asker text COLLATE "C" NOT NULL, asked bigint NOT NULL, decider text COLLATE "C", decided bigint, approved integer
);

-- What was erased, and by which request.
CREATE TABLE erasure (
  rid bigint PRIMARY KEY, type smallint NOT NULL, id text COLLATE "C" NOT NULL, request text COLLATE "C" NOT NULL,
  time bigint NOT NULL
);
