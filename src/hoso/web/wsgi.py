"""The pages as one WSGI callable for a node; called once in each worker."""

from __future__ import annotations

from collections.abc import Callable

from hoso.web.configure import configure
from hoso.web.pages import WebNode, serve


def application(node: WebNode) -> Callable[..., object]:
    configure(node.config)
    serve(node)
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()
