-- Bodies of the special classes are sealed, each record's under a key of its own (docs/decisions/0012). A sealed body has
-- `dict` = -1 - the dictionary inside, and begins with the id of its key.

-- The keys, wrapped by the node's sealing key. A backup keeps them in a file of their own. Deleting the row is the erasure.
CREATE TABLE record_key (id BLOB PRIMARY KEY, rid INTEGER NOT NULL, wrapped BLOB NOT NULL, made INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX record_key_rid ON record_key (rid);

-- Requests to erase what carries some labels in one person's record: somebody asks, somebody else approves.
CREATE TABLE erasure_request (
  id TEXT PRIMARY KEY, patient TEXT NOT NULL, labels INTEGER NOT NULL, words TEXT NOT NULL, asker TEXT NOT NULL,
  asked INTEGER NOT NULL, decider TEXT, decided INTEGER, approved INTEGER
) WITHOUT ROWID;

-- What was erased, and by which request.
CREATE TABLE erasure (
  rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, request TEXT NOT NULL, time INTEGER NOT NULL
);
