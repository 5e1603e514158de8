"""The same list of people as six sites show it, each served by a process of its own."""
