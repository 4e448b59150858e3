"""Honest GRUs of many makes, all judged on the same cases: how often the suite would wrong one."""
