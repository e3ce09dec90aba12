/**
 * What the CronJob runs: gets a token, and writes the secret of each namespace by server-side apply, so that it
 * is never absent in between. It needs `aws`, `curl` and a shell, which the AWS CLI's image has; kubectl's
 * images have no shell. Neither token is ever an argument of a program.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export const refreshScript = `umask 077
password=$(aws ecr get-login-password)
auth=$(printf 'AWS:%s' "$password" | base64 | tr -d '\\n')
config=$(printf '{"auths":{"%s":{"username":"AWS","password":"%s","auth":"%s"}}}' "$REGISTRY" "$password" "$auth" | base64 | tr -d '\\n')
printf 'Authorization: Bearer %s' "$(cat "$ACCOUNT/token")" > "$HOME/header"
host=$KUBERNETES_SERVICE_HOST
case "$host" in *:*) host="[$host]" ;; esac
failed=0
for namespace in $NAMESPACES; do
  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","namespace":"%s","annotations":{"slipway/renewed-at":"%s"}},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"%s"}}' \\
    "$SECRET" "$namespace" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$config" > "$HOME/secret.json"
  status=$(curl --silent --show-error --max-time 30 --retry 3 --cacert "$ACCOUNT/ca.crt" \\
    --header "@$HOME/header" --header 'Content-Type: application/apply-patch+yaml' \\
    --request PATCH --data-binary "@$HOME/secret.json" --output "$HOME/answer" --write-out '%{http_code}' \\
    "https://$host:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/$namespace/secrets/$SECRET?fieldManager=slipway&force=true") || status=000
  case "$status" in
    200 | 201) echo "renewed $namespace/$SECRET" ;;
    *) echo "could not renew $namespace/$SECRET: HTTP $status: $(head -c 400 "$HOME/answer" 2>/dev/null || true)" >&2; failed=1 ;;
  esac
done
exit "$failed"
`;
