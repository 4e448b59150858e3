"""The command line, with one file for each command. `report` formats the results and computes no number of them."""
