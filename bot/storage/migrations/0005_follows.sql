-- A guild follows an owner in a group: what it owns is watched there, new ones too. Patterns are
-- in lower case with spaces between them; `trouble`: why not all of it is watched, NULL if it is.
CREATE TABLE follows (
    guild_id BIGINT NOT NULL,
    watch_group TEXT NOT NULL,
    owner TEXT NOT NULL,
    include TEXT NOT NULL,
    exclude TEXT NOT NULL,
    forks INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    trouble TEXT,
    PRIMARY KEY (guild_id, watch_group, owner)
) WITHOUT ROWID;
