"""Whether the address that the server is to listen on can be had, told before anything is begun."""

import socket


def why_shut(host: str, port: int) -> str:
    """Why nothing can listen there, in one sentence; empty when it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as why:
            return f"{host}:{port} cannot be had ({why.strerror}). Try another PORT."
    return ""
