"""Other synthesizers beside ours: each in an environment of its own, asked through one small protocol."""
