"""Plans a run, streams shards through Ray or this process, commits them, and accounts for every record."""
