"""The command line: one command a file, thin over a function that a script can import."""
