"""The command line: one file a command, each thin over a function that Python users can call."""
