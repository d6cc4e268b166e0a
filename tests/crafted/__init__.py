"""What single judges must not be fooled by, and must see through: a table for each failure that says more than all do.

What holds for every judge is in `tests/unit/scenarios/test_judges.py`.
"""
