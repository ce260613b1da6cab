#!/bin/sh
# Follows a channel until it is stopped.
curl --silent --no-buffer --get "$SERVER/connection/uni_sse" --data-urlencode 'cf_connect={"data":{"follow":"a"}}'
