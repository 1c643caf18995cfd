-- What a change was built on beside the version before it: of one that settles a conflict, all that it settles.
CREATE TABLE sync_joined (change BLOB NOT NULL, base BLOB NOT NULL, PRIMARY KEY (change, base)) WITHOUT ROWID;
