#!/usr/bin/env bash
# One signed call with nothing but openssl and curl: call.sh URL TERMINAL KEY.pem METHOD /path [JSON [IDEMPOTENCY-KEY]]
# The signature is RFC 9421 with Ed25519 over the method, the address, the digest of the body (RFC 9530) and the key of the job.
set -euo pipefail
url=$1 terminal=$2 key=$3 method=$4 path=$5 body=${6:-} job=${7:-}
target="$url/api/v1$path"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

covered='"@method" "@target-uri"'
base=$(printf '"@method": %s\n"@target-uri": %s' "$method" "$target")
headers=()
if [ -n "$body" ]; then
  digest="sha-256=:$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
  covered+=' "content-digest"'
  base+=$(printf '\n"content-digest": %s' "$digest")
  headers+=(-H "Content-Digest: $digest" -H "Content-Type: application/json" --data-raw "$body")
fi
if [ -n "$job" ]; then
  covered+=' "idempotency-key"'
  base+=$(printf '\n"idempotency-key": %s' "$job")
  headers+=(-H "Idempotency-Key: $job")
fi
params="($covered);created=$(date +%s);keyid=\"$terminal\";nonce=\"$(openssl rand -hex 16)\""
base+=$(printf '\n"@signature-params": %s' "$params")
printf '%s' "$base" > "$work/base"
signature=$(openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/base" | openssl base64 -A)
curl --silent --show-error --request "$method" "${headers[@]}" \
  -H "Signature-Input: cardsvc=$params" -H "Signature: cardsvc=:$signature:" "$target"
