"""A GRU in any language, as a program that the suite talks to in lines of JSON (docs/protocol.md).

Reading order: schema.json (every message), exact (its numbers), messages (a case, an answer), lines (the program, its
pipes and limits), keeper (what ends it whatever happens), subject (the adapter).
"""
