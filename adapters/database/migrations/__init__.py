"""Changes of the schema, in order. A released one is never edited; it spells its tables out."""
