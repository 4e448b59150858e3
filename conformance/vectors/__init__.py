"""Golden vectors: fixed cases with certified answers, for implementations in any language.

Reading order: vector (what one is), notes (the mistakes they show), authored (the cases), files (the JSON beside this
file, each byte of which is made again by `check`), lint (whether the data can see), replay (judging by the files).
"""
