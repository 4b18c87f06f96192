"""A key that came with another request is refused, and no schema can say which those are: each request gets its own."""

import re
import uuid

import schemathesis

KEY = "Idempotency-Key"
# As the document has it: what is none stays as it is, to be refused.
WELL_FORMED = re.compile(r'("[ !#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})')


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    if WELL_FORMED.fullmatch(str(headers.get(KEY, ""))):
        headers[KEY] = str(uuid.uuid4())
