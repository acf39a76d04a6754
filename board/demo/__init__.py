"""The demo: real partners and proposals, invented and marked people, ballots and work."""
