#!/bin/sh
# Publishes to it.
curl --silent "$SERVER/api/publish" --header "X-API-Key: $KEY" --json '{"channel":"ticks:a","data":{"n":1}}'
