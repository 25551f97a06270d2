"""What nobody sees in a test: kills, crowds, strange calls, bad disks and clocks, by `make campaign`.

The outcome is kept in `bench/RESULTS.md`.

Each part runs alone, too: `python -m bench.campaign kills 50`, `crowd 5`, `calls 200`, `disks`, `clock`.
"""
