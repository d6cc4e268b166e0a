"""The commands of ``harness``, one file each, which `harness.cli` loads when called; and what the commands share."""
