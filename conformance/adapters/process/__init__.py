"""A GRU in any language: a program that exchanges lines of JSON with the suite (docs/protocol.md).

Reading order: messages (in the form of interface/schemas/process.json), lines (the program, its pipes and limits),
keeper (ends the program under all circumstances), subject (the adapter).
"""
