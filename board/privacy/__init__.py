"""What people may ask about their own data: a copy of all of it, its erasure, and how long the rest is kept."""
