"""Modules and the app as files after the city-app schema of Fraunhofer IESE (`city_app.yml`), in and out.

The board writes what it knows itself (title, topic, text, who runs it); what only the file says is kept beside it and
given back. Addresses of people in a file are named and not kept.
"""
