"""What `make bench` runs: the real server, measured beside peers in the same minutes, because only ratios keep."""
