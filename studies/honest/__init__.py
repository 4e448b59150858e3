"""Honest GRUs of many makes, judged on the same cases, to count wrong alarms of the suite."""
