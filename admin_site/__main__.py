"""`python -m admin_site`."""

from admin_site.cli import main

if __name__ == "__main__":
    main()
