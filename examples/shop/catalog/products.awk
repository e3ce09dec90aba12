# VERSION products.tsv → JSON. An invalid product fails the build, with its line.
BEGIN { FS = "\t" }
FILENAME == "VERSION" {
  printf "{\"service\":\"catalog\",\"version\":\"%s\",", $1
  printf "\"builtUnder\":{\"platform\":\"%s\",\"machine\":\"%s\"},\"products\":[", platform, machine
  next
}
/^#/ || NF == 0 { next }
NF != 4 { refuse("needs sku, name, price in cents and stock") }
$1 !~ /^[a-z0-9-]+$/ { refuse("sku \"" $1 "\" is not lower-case letters, digits and hyphens") }
$1 in seen { refuse("sku \"" $1 "\" appears twice") }
$2 ~ /["\\]/ { refuse("name \"" $2 "\" holds a quote or a backslash") }
$3 !~ /^[1-9][0-9]*$/ { refuse("price \"" $3 "\" is not a whole number of cents above 0") }
$4 !~ /^[0-9]+$/ { refuse("stock \"" $4 "\" is not a whole number") }
{
  seen[$1] = 1
  printf "%s{\"sku\":\"%s\",\"name\":\"%s\",\"priceCents\":%d,\"stock\":%d}", comma, $1, $2, $3, $4
  comma = ","
}
END {
  if (refused) exit 1
  print "]}"
}
function refuse(why) {
  print FILENAME ":" FNR ": " why > "/dev/stderr"
  refused = 1
  exit 1
}
