"""A GRU in any language, as a program that the suite talks to in lines of JSON (docs/protocol.md).

Reading order: messages (as interface/schemas/process.json has them), lines (the program, its pipes and limits), keeper
(what ends it whatever happens), subject (the adapter).
"""
