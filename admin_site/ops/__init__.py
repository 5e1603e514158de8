"""What the people who run the site do to it."""
