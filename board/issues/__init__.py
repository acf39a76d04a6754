"""Issues: what happens in the Git forges reaches the board by webhook, file or backfill, and is triaged here.

Everything ends in one function, `apply.apply`: a snapshot of an issue meets the row we keep of it.
"""
