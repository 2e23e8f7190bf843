"""What gunicorn serves: InvenioRDM's REST API under /api, and one page that says what stands here.

InvenioRDM's own pages are left out: they need assets built with Node. Clients recognise an InvenioRDM by the
`generator` of its first page (nrp-cmd does), so that page is here.
"""

from importlib.metadata import version
from typing import Any

from invenio_app.factory import create_api
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response

_MAJOR, _MINOR = version("invenio-app-rdm").split(".")[:2]
_PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>InvenioRDM</title>
<meta name="generator" content="InvenioRDM {_MAJOR}.{_MINOR}"></head>
<body><p>InvenioRDM without its pages; the REST API is at <a href="/api/records">/api</a>.</p></body></html>"""


@Request.application
def _first_page(request: Request) -> Any:
    return Response(_PAGE, mimetype="text/html") if request.path == "/" else NotFound()


application = DispatcherMiddleware(_first_page, {"/api": create_api()})
