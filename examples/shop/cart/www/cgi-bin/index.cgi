#!/bin/sh
# GET /                       → an empty cart
# GET /?items=mug:2,tray:1    → the cart with prices; 400 for an unknown product or a wrong quantity
set -eu
exec awk -v version="$(cat /srv/VERSION)" -v query="${QUERY_STRING:-}" '
  BEGIN { FS = "\t" }
  { price[$1] = $2 }
  END {
    if (query != "" && query !~ /^items=[a-z0-9:,%A-F-]*$/) answer("400 Bad Request", failure("query must be items=sku:quantity,…"))
    sub(/^items=/, "", query)
    gsub(/%3[Aa]/, ":", query)
    gsub(/%2[Cc]/, ",", query)
    count = split(query, items, ",")
    for (i = 1; i <= count; i++) {
      parts = split(items[i], item, ":")
      sku = item[1]
      quantity = parts == 1 ? "1" : item[2]
      if (!(sku in price)) answer("400 Bad Request", failure("no product \\\"" sku "\\\""))
      if (parts > 2 || quantity !~ /^[1-9][0-9]?$/) answer("400 Bad Request", failure("quantity of \\\"" sku "\\\" must be 1 to 99"))
      lines = lines (i > 1 ? "," : "") "{\"sku\":\"" sku "\",\"quantity\":" quantity ",\"priceCents\":" price[sku] "}"
      total += price[sku] * quantity
    }
    answer("200 OK", "\"items\":[" lines "],\"totalCents\":" total + 0)
  }
  function failure(why) { return "\"error\":\"" why "\"" }
  function answer(status, members) {
    print "cart: " status " " query > "/dev/stderr"
    printf "Status: %s\r\nContent-Type: application/json\r\n\r\n", status
    printf "{\"service\":\"cart\",\"version\":\"%s\",%s}\n", version, members
    exit
  }
' /srv/prices.tsv
