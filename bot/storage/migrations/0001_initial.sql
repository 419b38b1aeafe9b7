-- Comments stand between the statements: what stands inside one, SQLite keeps in the file.
-- Tables that are read by key are WITHOUT ROWID: one tree instead of two.

-- Every number that was ever kept; ids 0 and 1 take no byte in a row, so the busiest come first.
CREATE TABLE metrics (id INTEGER PRIMARY KEY, key TEXT NOT NULL);

-- What is read together: a run's query, an import's columns. `metrics` are keys, sorted, with commas.
-- `daily` 1: from files that name only a day, stamped 12:00 UTC of it; `imported` 1: from files with
-- times; both 0: from runs.
CREATE TABLE metric_sets (
    id INTEGER PRIMARY KEY,
    metrics TEXT NOT NULL,
    daily INTEGER NOT NULL,
    imported INTEGER NOT NULL
);

-- `gone_at`: since when GitHub no longer shows it. When it was first and last seen, coverage tells.
CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    full_name TEXT NOT NULL,
    visibility TEXT NOT NULL,
    github_id BIGINT,
    node_id TEXT,
    gone_at BIGINT
);
CREATE UNIQUE INDEX subjects_github_id ON subjects (github_id);

-- Every name a subject ever had, in lower case. `until` of a name still borne is the largest BIGINT:
-- so the key says that a name has one owner at a time, and the newest owner is one seek away.
CREATE TABLE subject_names (
    name TEXT NOT NULL,
    until BIGINT NOT NULL,
    since BIGINT NOT NULL,
    subject_id BIGINT NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (name, until)
) WITHOUT ROWID;

-- The value of a metric from `at` on, written only when it changed. No foreign keys here and in the
-- next two: they are written by one door, and a look-up a row is what a run spends its time on.
CREATE TABLE observations (
    subject_id BIGINT NOT NULL,
    metric_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (subject_id, metric_id, at)
) WITHOUT ROWID;

-- The newest observation of each metric, so that a digest can pass over what did not change.
CREATE TABLE latest (
    subject_id BIGINT NOT NULL,
    metric_id BIGINT NOT NULL,
    value BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (subject_id, metric_id)
) WITHOUT ROWID;

-- Unbroken intervals in which a set was really sampled: "unchanged" is not "not looked".
CREATE TABLE coverage (
    subject_id BIGINT NOT NULL,
    metric_set_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (subject_id, metric_set_id, since)
) WITHOUT ROWID;

-- One row a collection; `message` is why it failed, for people.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    sampled BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    points BIGINT NOT NULL,
    message TEXT
) WITHOUT ROWID;

-- Why a repository gave no reading in a run.
CREATE TABLE run_errors (
    run_id TEXT NOT NULL REFERENCES runs (id),
    subject_id BIGINT NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run_id, subject_id)
) WITHOUT ROWID;

-- A guild watches a repository, in a named group. Guild 0 is the operator's own portfolio.
CREATE TABLE watches (
    guild_id BIGINT NOT NULL,
    watch_group TEXT NOT NULL,
    subject_id BIGINT NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (guild_id, watch_group, subject_id)
) WITHOUT ROWID;
