"""Makes from results what people and programs read. Everything that came from a server is escaped here."""
