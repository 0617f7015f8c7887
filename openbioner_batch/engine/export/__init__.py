"""Writing a finished run in another format: a file for each of its shards, resumable like the run itself."""
