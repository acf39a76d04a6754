"""Outgoing webhooks: what happens on the board, told to programs of the partners (Standard Webhooks).

`endpoints` holds what operators do; `events` says which entries of the log are told and how they read, `spooling` turns
them into deliveries, `sending` tries one, `lanes` drives all of them, `outcomes` judges an answer. Nothing leaves that
a stranger could not read on the board, but for workshops, which an operator has to choose. See ADR 30.
"""
