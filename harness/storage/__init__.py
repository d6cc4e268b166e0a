"""Files that several runs share: written whole or not at all, sealed, and leased as long as somebody uses them."""
