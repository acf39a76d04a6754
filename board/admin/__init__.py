"""`/admin`: people, partners, topics, settings, legal pages, system and the history of all that. For administrators."""
