-- Which records are closed by what they say (docs/explanation/access.md). A label sticks to a record with all its versions.

-- A row for each record that has, had or inherits a label; masks of fhir/labels. `content`: said by any version's codes;
-- `hand`: written into any version; `inherited`: from the records it is made of; `lowered`: taken off by a human act.
-- `mask` is what counts: (content | hand | inherited) & ~lowered. Its first bit is shown to nobody.
CREATE TABLE label (
  rid INTEGER PRIMARY KEY, mask INTEGER NOT NULL, content INTEGER NOT NULL, hand INTEGER NOT NULL,
  inherited INTEGER NOT NULL, lowered INTEGER NOT NULL
);
CREATE INDEX label_nobody ON label (rid) WHERE mask & 1 = 1;

-- From whom a record inherits by one of its older versions; what its current version refers to stands in `ref`.
CREATE TABLE label_edge (source INTEGER NOT NULL, derived INTEGER NOT NULL, PRIMARY KEY (source, derived)) WITHOUT ROWID;
CREATE INDEX label_edge_derived ON label_edge (derived);

-- Human acts on labels, never changed; `seq` is the newest change of the record there was.
CREATE TABLE label_act (
  id TEXT PRIMARY KEY, rid INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, actor TEXT NOT NULL,
  raised INTEGER NOT NULL, lowered INTEGER NOT NULL, words TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX label_act_rid ON label_act (rid, time);
