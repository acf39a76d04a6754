"""Several nodes on one machine, as `make cluster` starts them and as the trials start and kill them.

`database` is one PostgreSQL, `front` is nginx with the files of this folder, `running` puts both together with two
nodes and a worker. Nothing here runs in production; what does (gunicorn.conf.py, nginx.conf, nginx-nodes.conf,
systemd/) is used as it is.
"""
