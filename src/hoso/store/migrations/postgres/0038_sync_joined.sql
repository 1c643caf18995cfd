-- What a change was built on beside the version before it: of one that settles a conflict, all that it settles.
CREATE TABLE sync_joined (change bytea NOT NULL, base bytea NOT NULL, PRIMARY KEY (change, base));
