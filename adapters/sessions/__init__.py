"""What is kept for a while about whoever is logged in; it is no part of the record."""
