"""Milestones: what the partnership wants to have by when. Proposals and work packages are planned for one of them."""
