"""Drives the published Python clients: one call a line in, one result a line out, both JSON.

The first line names the callers: {"endpoint", "region", "callers": {NAME: {"access_key", "secret_key",
"account_id", "project_id"?, "security_token"?}}}. Each further line is {"caller", "client", "method", "request"}:
the request's fields are named and nested as the client's models have them. What comes back is the response as the
client's models hold it, or the exception that the client raised.
"""

import importlib
import json
import re
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException, ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.region.region import Region

CLIENTS = {
    "css": ("huaweicloudsdkcss.v1", "CssClient"),
    "vpcep": ("huaweicloudsdkvpcep.v1", "VpcepClient"),
    "iam": ("huaweicloudsdkiam.v3", "IamClient"),
}


def build(module, kind, value):
    """Makes the model that the client declares for a field from plain JSON."""
    nested = re.fullmatch(r"list\[(.+)\]", kind)
    if nested:
        return [build(module, nested.group(1), item) for item in value]
    model = getattr(module, kind, None)
    if model is None:
        return value
    return model(**{name: build(module, model.openapi_types[name], field) for name, field in value.items()})


def plain(value):
    """Gives a model's fields under the client's own names; what was not sent is left out."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if hasattr(value, "openapi_types"):
        fields = {name: getattr(value, name) for name in value.openapi_types}
        return {name: plain(field) for name, field in fields.items() if field is not None}
    return value


def connect(setting, caller, service):
    """A client for the endpoint; a caller without a project has it looked up from the region."""
    module = importlib.import_module(CLIENTS[service][0])
    builder = getattr(module, CLIENTS[service][1]).new_builder()
    if service == "iam":
        credentials = GlobalCredentials(caller["access_key"], caller["secret_key"], caller.get("account_id"))
    else:
        credentials = BasicCredentials(caller["access_key"], caller["secret_key"], caller.get("project_id"))
    credentials.with_iam_endpoint(setting["endpoint"])
    if "security_token" in caller:
        credentials.with_security_token(caller["security_token"])
    # With its own user agent the core keeps an identity of the machine in the home directory.
    builder.with_credentials(credentials).with_http_config(HttpConfig(user_agent="postern-tests"))
    if "project_id" in caller and "account_id" in caller:
        return module, builder.with_endpoints([setting["endpoint"]]).build()
    return module, builder.with_region(Region(setting["region"], setting["endpoint"])).build()


def perform(setting, order):
    """One call; the caller may be named, or given whole."""
    caller = order["caller"]
    caller = setting["callers"][caller] if isinstance(caller, str) else caller
    try:
        module, client = connect(setting, caller, order["client"])
        name = "".join(part.title() for part in order["method"].split("_")) + "Request"
        response = getattr(client, order["method"])(build(module, name, order["request"]))
        return {"status": response.status_code, "body": plain(response)}
    except ServiceResponseException as error:
        return {
            "exception": type(error).__name__,
            "status": error.status_code,
            "error_code": error.error_code,
            "error_msg": error.error_msg,
            "request_id": error.request_id,
        }
    except SdkException as error:
        return {"exception": type(error).__name__, "error_msg": error.error_msg}


def main():
    setting = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        print(json.dumps(perform(setting, json.loads(line))), flush=True)


main()
