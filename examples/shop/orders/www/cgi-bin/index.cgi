#!/bin/sh
# GET /           → all orders
# GET /?id=1002   → that order; 404 if it does not exist
set -eu
exec awk -v version="$(cat /srv/VERSION)" -v currency="$SHOP_CURRENCY" -v query="${QUERY_STRING:-}" '
  BEGIN { FS = "\t"; id = query; sub(/^id=/, "", id) }
  query != "" && $1 != id { next }
  {
    orders = orders (found++ ? "," : "") "{\"id\":" $1 ",\"state\":\"" $2 "\",\"totalCents\":" $3 ",\"currency\":\"" currency "\"}"
  }
  END {
    status = query != "" && !found ? "404 Not Found" : "200 OK"
    print "orders: " status " " query > "/dev/stderr"
    printf "Status: %s\r\nContent-Type: application/json\r\n\r\n", status
    printf "{\"service\":\"orders\",\"version\":\"%s\",\"orders\":[%s]}\n", version, orders
  }
' /srv/orders.tsv
