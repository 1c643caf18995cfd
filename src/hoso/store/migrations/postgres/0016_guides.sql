-- Definitions of profile packages (StructureDefinition, ValueSet, CodeSystem …), as they were loaded. `loaded` grows with
-- every load, so that a process that serves sees at once that there is something new.
CREATE TABLE guide_definition (
  kind TEXT COLLATE "C" NOT NULL, url TEXT COLLATE "C" NOT NULL, version TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL, loaded bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY (kind, url)
);
CREATE INDEX guide_definition_loaded ON guide_definition (loaded);
