-- `wanted`: how many repositories a run set out to read. `round_at`: where a scheduled run goes on
-- with what one that was cut short left unread, when that round began; NULL where it began one.
ALTER TABLE runs ADD COLUMN wanted BIGINT;
ALTER TABLE runs ADD COLUMN round_at BIGINT;

-- When GitHub said last that a repository is gone: who is known to be is not asked for every run.
ALTER TABLE subjects ADD COLUMN sought_at BIGINT;
