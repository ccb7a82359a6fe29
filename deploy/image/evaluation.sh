#!/bin/sh
# Sets up an evaluation with the command `sextant`, in steps between which services start:
#   keys   everybody's keys and clients, for the rooms in /site/ROOM, for people in /site/homes
#   stores where a PostgreSQL server and an object store are used: logins, and a key and a certificate
#   pins   once the log answers: what everybody pins of it, and the Secretariat's keys
#   enrol  once the exchange answers: the Secretariat and one synthetic State, XAL
#   try    once all answer: XAL declares, its receipt verifies, it is registered within two minutes, and an
#          auditor verifies the whole log
# Each step does nothing a second time. Keys of all parties in one place are for an evaluation alone.
set -eu
exchange=${EXCHANGE_URL:-http://exchange:8002}
audit=${AUDIT_URL:-http://audit:8001}
declarations=${DECLARATIONS_URL:-http://declarations:8003}
where="--exchange $exchange --audit $audit --declarations $declarations"
site=${SITE:-/site}
umask 077
mkdir -p "$site/homes" && cd "$site/homes"

secret() { head -c 32 /dev/urandom | base64 > "$1"; }
once() { if [ -e "$site/homes/.$1" ]; then echo "$1: done before"; exit 0; fi; }
done_with() { : > "$site/homes/.$1"; echo "$1: done"; }

keys() {
  once keys
  for name in REG-1 issuer desk exchange secretariat officer auditor; do sextant keys generate --use api --home "$name"; done
  sextant keys generate --use sig --home REG-1
  sextant keys registrars --home REG-1 --out $site/exchange/pins/registrars.json
  for who in exchange secretariat auditor; do
    sextant keys admit "$who" --role "$who" --into $site/audit/pins/clients.json --home "$who"
  done
  sextant keys admit REG-1 --role registrar --into $site/exchange/pins/clients.json --home REG-1
  for who in officer auditor; do
    sextant keys admit "$who" --role "$who" --into $site/declarations/pins/clients.json --home "$who"
  done
  cp issuer/keys/api-*.json $site/exchange/secrets/issuer.json
  cp exchange/keys/api-*.json $site/exchange/secrets/audit.json
  cp desk/keys/api-*.json $site/declarations/secrets/issuer.json # for several processes of one address
  cp secretariat/keys/api-*.json $site/declarations/secrets/audit.json
  secret $site/signer/secrets/passphrase
  secret $site/declarations/secrets/passphrase
  # The signer is another user of the same group.
  chmod 0750 $site/signer $site/signer/secrets && chmod 0640 $site/signer/secrets/passphrase
  done_with keys
}

# Passwords are read by one user each from a file of mode 0600, as libpq demands; the server's user, of
# our group, reads its own and the statements that set the others.
stores() {
  once stores
  mkdir -p "$site/database" "$site/roles" "$site/owner" "$site/objects"
  secret "$site/database/password"
  : > "$site/roles/90-logins.sql" && : > "$site/owner/passfile"
  for room in audit exchange declarations; do
    mkdir -p "$site/$room/database" && : > "$site/$room/database/passfile"
    login "$room" migrator "$site/owner/passfile"
    login "$room" writer "$site/$room/database/passfile"
    login "$room" reader "$site/$room/database/passfile"
  done
  login declarations officer "$site/declarations/database/passfile"
  chmod 0640 "$site/database/password" "$site/roles/90-logins.sql"
  chmod 0750 "$site/database" "$site/roles"
  mkdir -p "$site/exchange/secrets" "$site/exchange/pins"
  word=$(head -c 32 /dev/urandom | base64)
  cat > "$site/objects/identities.json" <<END_OF_IDENTITIES
{"identities": [{"name": "exchange", "credentials": [{"accessKey": "exchange", "secretKey": "$word"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
END_OF_IDENTITIES
  printf '[default]\naws_access_key_id = exchange\naws_secret_access_key = %s\n' "$word" \
    > "$site/exchange/secrets/objects"
  python - "$site/objects" "${OBJECTS_NAME:-objects}" <<'END_OF_PROGRAM'
import datetime as dt, pathlib, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as form
from cryptography.hazmat.primitives.asymmetric import ec

folder, name = pathlib.Path(sys.argv[1]), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, sys.argv[2])])
key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.timezone.utc)
made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
  .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
  .not_valid_after(now + dt.timedelta(days=365))
  .add_extension(x509.SubjectAlternativeName([x509.DNSName(sys.argv[2])]), critical=False).sign(key, hashes.SHA256()))
(folder / "server.pem").write_bytes(made.public_bytes(form.Encoding.PEM))
(folder / "server.key").write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
END_OF_PROGRAM
  cp "$site/objects/server.pem" "$site/exchange/pins/objects.pem"
  done_with stores
}

login() { # ROOM ROLE FILE
  word=$(head -c 32 /dev/urandom | base64)
  echo "*:*:*:sextant_$1_$2:$word" >> "$3"
  echo "ALTER ROLE sextant_$1_$2 PASSWORD '$word';" >> "$site/roles/90-logins.sql"
}

pins() {
  once pins
  # In an evaluation the log is believed; a State compares these keys by another way.
  python - "$audit" > $site/exchange/pins/log.json <<'END_OF_PROGRAM'
import sys, urllib.request

with urllib.request.urlopen(sys.argv[1] + "/.well-known/sextant-log", timeout=30) as answer:
    print(answer.read().decode())
END_OF_PROGRAM
  sextant trust --registrars $site/exchange/pins/registrars.json --log $site/exchange/pins/log.json \
    --out $site/declarations/pins/trust.json
  sextant init --home SEC --party SEC --client-id SEC/worker-1 --trust $site/declarations/pins/trust.json $where
  passphrase=$site/declarations/secrets/passphrase
  sextant keys generate --home SEC --profile S1 --kem K2 --passphrase-file $passphrase
  sextant keys request --home SEC --party SEC --name Secretariat --out SEC.json --passphrase-file $passphrase
  cp SEC/keys/api-*.json $site/declarations/secrets/exchange.json
  cp SEC/keys/seal-*.json SEC/keys/sig-*.json $site/declarations/keys/
  sextant init --home XAL --party NA-XAL --client-id NA-XAL/submit-1 --trust $site/declarations/pins/trust.json $where
  sextant keys generate --home XAL
  sextant keys request --home XAL --party NA-XAL --name Alvania --out XAL.json
  sextant init --home auditor --party AUD --client-id auditor --trust $site/declarations/pins/trust.json $where
  done_with pins
}

enrol() {
  once enrol
  for party in SEC XAL; do
    sextant keys countersign $party.json --home REG-1
    sextant keys enrol $party.json --exchange "$exchange" --client-id REG-1 --home REG-1
  done
  done_with enrol
}

try() {
  said=$(mktemp)
  sextant submit "${1:-/opt/sextant/share/examples/S2_AND.json}" --home XAL --watch | tee "$said"
  sextant receipt verify "$(sed -n 's/^RECEIPT *\([^ ]*\) .*/\1/p' "$said")" --home XAL
  # A wait that ended without an outcome is no error of the command.
  grep -q '^OUTCOME .* REGISTERED ' "$said" || { echo "try: not registered" >&2; exit 1; }
  rm "$said"
  sextant log verify --home auditor
}

case "${1:-}" in
  keys | stores | pins | enrol | try) "$@" ;;
  *) echo "usage: evaluation.sh keys | stores | pins | enrol | try [FILE]" >&2; exit 2 ;;
esac
