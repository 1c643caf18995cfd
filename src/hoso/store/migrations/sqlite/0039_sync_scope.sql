-- Whose records a node is to have: 'own' (of its facility) or 'all'. Who joined its scope stands in its lane, numbered densely
-- and chained; the lane of this node itself is what its hub told. What the feed had of them up to `line` is given with the join.
ALTER TABLE sync_node ADD COLUMN scope TEXT NOT NULL DEFAULT 'all';
ALTER TABLE sync_invite ADD COLUMN scope TEXT NOT NULL DEFAULT 'all';
CREATE TABLE sync_lane (
  node TEXT NOT NULL, number INTEGER NOT NULL, chain BLOB NOT NULL, patient TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (node, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sync_lane_patient ON sync_lane (node, patient);
