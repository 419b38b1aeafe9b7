-- Stars still held today, by the UTC day (counted from 1970) they were given: GitHub's own series,
-- never mixed with what was observed. A day without a row that is known has none.
CREATE TABLE stars_retained (
    subject_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (subject_id, day)
) WITHOUT ROWID;

-- How far that series was read, kept with the subject as a table of its own would take a page more:
-- pages read so far,
ALTER TABLE subjects ADD COLUMN stars_pages BIGINT NOT NULL DEFAULT 0;

-- the first day known,
ALTER TABLE subjects ADD COLUMN stars_since BIGINT;

-- 1: it goes back to the first star, so nothing lies before it,
ALTER TABLE subjects ADD COLUMN stars_whole BIGINT NOT NULL DEFAULT 0;

-- and when its newest page was read, or refused while there was none.
ALTER TABLE subjects ADD COLUMN stars_asked_at BIGINT;
