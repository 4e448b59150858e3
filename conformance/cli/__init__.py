"""The command line, one file a command; in `report`, all that it prints or writes."""
