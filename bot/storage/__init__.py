"""The only SQL in the program: SQLite now, through one adapter; a file a table family."""
