"""Who may do what, as facts on one stream; nothing here looks at a credential, a clock or a socket."""
