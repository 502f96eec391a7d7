"""Every event version ever written, as bytes: never edited, and readable for ever."""
