"""What documents say, read from data: files in the project's form, and advisories in the form of OSV."""
