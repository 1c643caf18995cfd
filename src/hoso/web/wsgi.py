"""The pages as one WSGI callable for a node: what every worker shares is made ready before they part."""

from __future__ import annotations

from collections.abc import Callable

from hoso.web.configure import WebConfig, configure
from hoso.web.pages import WebNode, serve


def preload(config: WebConfig) -> None:
    """Imports the pages and compiles their templates, so that the first reader of a worker does not wait for it.

    What a worker imports only later can hang it: it may have been forked while another thread held the module's lock.
    """
    configure(config)
    from django.core.handlers.wsgi import WSGIHandler
    from django.template import engines
    from django.template.backends.jinja2 import Jinja2
    from django.urls import get_resolver
    from oauth2_provider.settings import oauth2_settings

    _ = oauth2_settings.OAUTH2_VALIDATOR_CLASS, oauth2_settings.OAUTH2_SERVER_CLASS
    WSGIHandler()
    get_resolver().check()
    for engine in (each for each in engines.all() if isinstance(each, Jinja2)):
        for name in engine.env.list_templates(extensions=["html"]):
            engine.env.get_template(name)


def application(node: WebNode) -> Callable[..., object]:
    configure(node.config)
    serve(node)
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()
