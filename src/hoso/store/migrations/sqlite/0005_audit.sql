-- Who read and changed what: events as they were told, and what the sealer makes of them. See docs/explanation/audit.md.

-- An event: a random salt and its canonical bytes (access/audit/event.py). Only both together may ever be emptied, at
-- the end of their retention; the leaf in `audit_seal` still stands for them then.
CREATE TABLE audit_event (id INTEGER PRIMARY KEY, salt BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_event_unchanged BEFORE UPDATE ON audit_event
  WHEN NEW.id <> OLD.id OR length(NEW.salt) > 0 OR length(NEW.bytes) > 0
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

-- A leaf of the tree at its place `seq`, from 0 without a gap. `number` counts the events of one patient from 1.
CREATE TABLE audit_seal (
  seq INTEGER PRIMARY KEY, event INTEGER NOT NULL, patient INTEGER NOT NULL, number INTEGER NOT NULL, leaf BLOB NOT NULL
);
CREATE UNIQUE INDEX audit_seal_patient ON audit_seal (patient, number) WHERE patient <> 0;
CREATE TRIGGER audit_seal_stays BEFORE DELETE ON audit_seal BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

-- Hashes of full subtrees of 256, 65,536, … leaves.
CREATE TABLE audit_node (level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, place))
  WITHOUT ROWID;

-- Leaves that publish how many events each patient has, by the day (since 1970, UTC) they were made on.
CREATE TABLE audit_map (seq INTEGER PRIMARY KEY, day INTEGER NOT NULL);

-- Signed statements of size and root (C2SP tlog-checkpoint), and what witnesses signed of them.
CREATE TABLE audit_checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE audit_cosignature (size INTEGER NOT NULL, name TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (size, name))
  WITHOUT ROWID;

-- Logs of others to which this node is a witness, with the last checkpoint that it cosigned (empty: none yet).
CREATE TABLE audit_watched (origin TEXT PRIMARY KEY, key TEXT NOT NULL, note TEXT NOT NULL);
