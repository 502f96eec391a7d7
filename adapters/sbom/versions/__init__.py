"""How each ecosystem orders its versions: text in, something that compares out, or a refusal."""
