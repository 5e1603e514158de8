"""The rules of the site: services take a Session, never commit and know no HTTP."""
