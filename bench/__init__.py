"""Benchmarks: what a request costs the server, as a ratio to a bare Flask route of the same size in the same run."""
