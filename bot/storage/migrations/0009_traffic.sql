-- Whether and when a repository's traffic was asked for; only those that may have any have a row.
-- `may_push` 1: GitHub says so, 0: it does not say. `asked_on`: the last UTC day, counted from 1970,
-- on which all of it was answered or refused; 0: never. `refused`: why not, NULL where it was given.
CREATE TABLE traffic_access (
    subject_id BIGINT PRIMARY KEY,
    may_push INTEGER NOT NULL,
    asked_on BIGINT NOT NULL,
    refused TEXT
) WITHOUT ROWID;

-- Visits of a UTC day, each number the largest ever read of it. `visit` 0: views, 1: clones.
-- `settled` 1: read when the day was over.
CREATE TABLE traffic (
    subject_id BIGINT NOT NULL,
    visit INTEGER NOT NULL,
    day BIGINT NOT NULL,
    total BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    settled INTEGER NOT NULL,
    PRIMARY KEY (subject_id, visit, day)
) WITHOUT ROWID;

-- Referrers and paths of the 14 days before, by the day on which they were read; only where they
-- differ from the day before. `entries`: JSON, a list of [name, total, uniques, title].
CREATE TABLE traffic_popular (
    subject_id BIGINT NOT NULL,
    ranking TEXT NOT NULL,
    day BIGINT NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (subject_id, ranking, day)
) WITHOUT ROWID;
