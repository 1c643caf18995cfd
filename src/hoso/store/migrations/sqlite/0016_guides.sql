-- Definitions of profile packages (StructureDefinition, ValueSet, CodeSystem …), as they were loaded. `loaded` grows with
-- every load, so that a process that serves sees at once that there is something new.
CREATE TABLE guide_definition (
  kind TEXT NOT NULL, url TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, loaded INTEGER NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (kind, url)
) WITHOUT ROWID;
CREATE INDEX guide_definition_loaded ON guide_definition (loaded);
