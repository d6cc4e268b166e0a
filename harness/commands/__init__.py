"""The commands of ``harness``, one file each, which `harness.cli` loads when it is called; and what they share."""
