# The function. In: {"items":[{"sku":"mug","quantity":2}, …]} on standard input. Out: the total to pay.
# Returns 1, with the reason on standard output, for an invalid item.

root=${LAMBDA_TASK_ROOT:-/var/task}
version=$(cat "$root/VERSION")

handler() {
  total=0
  lines=
  # The image has no JSON parser. Every item is an object of two plain members, so a closing brace ends it.
  rest=$(tr -d ' \t\r\n')
  case $rest in *'"items":['*) rest=${rest#*'"items":['} ;; *) rest= ;; esac
  while case $rest in *'}'*) : ;; *) false ;; esac; do
    item=${rest%%'}'*}
    rest=${rest#*'}'}
    case $item in *'"sku":"'*) ;; *) continue ;; esac
    sku=${item#*'"sku":"'}
    sku=${sku%%'"'*}
    case $item in
      *'"quantity":'*)
        quantity=${item#*'"quantity":'}
        quantity=${quantity%%,*}
        ;;
      *) quantity=1 ;;
    esac
    price=$(price_of "$sku") || { printf 'no product %s' "$(plain "$sku")"; return 1; }
    case $quantity in
      [1-9] | [1-9][0-9]) ;;
      *) printf 'quantity of %s must be 1 to 99' "$sku"; return 1 ;;
    esac
    total=$((total + price * quantity))
    lines="$lines${lines:+,}{\"sku\":\"$sku\",\"quantity\":$quantity,\"priceCents\":$price}"
  done
  echo "checkout: $total cents" >&2
  printf '{"service":"checkout","version":"%s","items":[%s],"totalCents":%d}' "$version" "$lines" "$total"
}

# Price of a product in cents; fails for an unknown product.
price_of() {
  while read -r sold cents; do
    if [ "$sold" = "$1" ]; then echo "$cents"; return; fi
  done <"$root/prices.tsv"
  return 1
}

# Text that can be inside a JSON string.
plain() { printf '%s' "$1" | tr -cd 'A-Za-z0-9._-'; }
