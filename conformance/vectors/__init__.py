"""Golden vectors: fixed cases with certified answers, for implementations in any language.

Reading order: vector (one case with its answer), notes (the mistakes that vectors show), authored (the cases), files
(the JSON beside this file; `check` makes every byte of it again), lint (rules for good vectors), replay (judges a GRU
by the files).
"""
