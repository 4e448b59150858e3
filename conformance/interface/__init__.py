"""The data that the suite and a GRU exchange: a case, its answer, declarations; and their numbers and schemas in
JSON.
"""
