"""The readable page about the JSON API, made from the same registry as its routes and its OpenAPI document."""
