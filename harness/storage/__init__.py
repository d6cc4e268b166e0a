"""Files that several runs share are written whole or not at all, sealed, and leased as long as a run uses them."""
