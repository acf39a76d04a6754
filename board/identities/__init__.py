"""Signing in with an identity provider of one's administration (OpenID Connect), and what its groups suggest."""
