"""The JSON API `/api/v1`: what a person may read and do on the pages, for their programs.

One registry holds every operation with its words, its query, its body and its answer; routes, checks, the OpenAPI
document and the readable page are made from it. Nothing is decided here: reading goes through the features' queries,
changes through their verbs.
"""
