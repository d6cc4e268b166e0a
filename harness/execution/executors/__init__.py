"""Where tasks are executed."""
