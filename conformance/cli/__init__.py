"""The command line, one file a command; `report` formats what it prints, and computes no number of it."""
