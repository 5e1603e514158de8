"""How long pages take beside a hand-written one and beside other admins: `python -m tests.benchmarks`."""
